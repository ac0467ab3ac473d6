"""EntityLocker: a document locker for organisations."""

__version__ = "0.1.0"
