"""The commands: one file each, found by looking into this folder; each exports `COMMAND`.

A file is named like its command (`queue.py` is `mailgate queue`), so that one command can be run without
importing the others. Files whose name starts with an underscore are no commands: `_main.py` is the group that
finds them, `_options.py` what they share. Heavy modules are imported inside the functions that need them.
"""
