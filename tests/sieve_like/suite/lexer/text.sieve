redirect text:
a@example.org
