"""The message view: one reader of a mail's octets for rules, threading, answers and checks."""
