"""What `mailgate demo` shows: a small company's business data, and mails as they really come."""
