"""Members' personal lockers: who they are, and what they lend."""
