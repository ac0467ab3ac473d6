"""Many departments and officers at once; how far they have come."""
