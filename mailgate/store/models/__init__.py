"""The tables, one file per group; `tables.py` lists them all."""
