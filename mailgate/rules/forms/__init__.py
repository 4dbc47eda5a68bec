"""Rules without code: a form that people fill in, the script that it becomes, and the way back (S3, T5)."""
