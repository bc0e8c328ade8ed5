"""Short training windows in worker processes, timed and traced."""
