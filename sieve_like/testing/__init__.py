"""Tests for rules, written in Sieve (`.svtest`, the language of Pigeonhole's own test tool).

runner -> suite (the commands) -> bench (state of one file) -> execution (what actions do) -> world
(mailboxes, outbox)
"""
