"""Organisations: who they are, what was verified of them, and who belongs to them."""
