"""The store: Peewee models, the one writing thread, and everything that becomes rows or blobs."""
