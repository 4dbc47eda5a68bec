"""Mail that came back, and what machines say about mail of ours: seen by its signs, read, put into words.

`signs.py` says whether a mail is a bounce, `read.py` what it says, `reasons.py` what that means.
"""
