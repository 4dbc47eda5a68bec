"""Facts about a mail that are established before the rules run; `gather.py` brings them together."""
