"""Contacts as people and files keep them: their fields, what may be changed by whom, CSV and vCard."""
