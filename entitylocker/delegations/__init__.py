"""Roles given to a member for a folder and a time; and what a member may do, taken together."""
