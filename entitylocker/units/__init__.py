"""Parents, departments and units; who administers a branch; agencies that act by letter."""
