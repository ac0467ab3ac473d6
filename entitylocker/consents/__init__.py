"""Consents: what an organisation gave to a portal, until when, and what the portal took of it."""
