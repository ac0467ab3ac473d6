"""Check pages of documents by code, and the public page where anybody may have a PDF checked."""
