"""Numbered migrations, run by `store/schema.py`; each file is frozen once released."""
