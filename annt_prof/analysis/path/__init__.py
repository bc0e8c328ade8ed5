"""What sets a step's length, and why its device was idle."""
