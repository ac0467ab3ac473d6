"""Taking everything with you: one ZIP of all documents, the trail, the consents and their checksums."""
