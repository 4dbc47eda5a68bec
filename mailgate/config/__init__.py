"""The typed settings of mailgate.toml: a file per section, put together in `settings.py`."""
