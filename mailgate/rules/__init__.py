"""Which script decides about a mail, and what it decides."""
