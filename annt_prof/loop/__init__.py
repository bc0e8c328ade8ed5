"""The training step, and what a worker process does with it."""
