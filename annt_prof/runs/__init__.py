"""The run directory: what a run leaves behind, and the only thing the faces read."""
