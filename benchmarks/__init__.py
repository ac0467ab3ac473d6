"""Measurements beside something else in the same run: figures and their aims, nothing asserted."""
