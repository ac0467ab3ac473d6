"""The audit trail: what was done and what was refused, in order, never changed."""
