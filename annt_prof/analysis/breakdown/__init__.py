"""A step's wall time by category."""
