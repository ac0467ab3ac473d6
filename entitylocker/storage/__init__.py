"""Document bytes: keys and their wrapping, the encrypted stream format, the object store, recovery."""
