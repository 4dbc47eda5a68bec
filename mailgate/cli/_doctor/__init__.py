"""What `mailgate doctor` looks at: a file per side of the house, a function per check, all in `checks.py`."""
