"""Timed and traced windows, their clocks, and what is asked of a worker."""
