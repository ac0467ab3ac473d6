"""Bringing many in at once: files of departments and officers, their slips, and how far they have come."""
