"""Background work: jobs are queued in the same transaction as what they follow."""
