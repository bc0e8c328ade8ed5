"""One trace as a timeline: what the rest of the analysis derives everything from."""
