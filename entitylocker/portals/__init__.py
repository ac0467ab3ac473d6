"""Portals: who may ask organisations for documents, with which keys, and what the operator decided."""
