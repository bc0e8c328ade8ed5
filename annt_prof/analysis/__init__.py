"""Where each step's time went, for any Kineto trace; knows nothing of scenarios."""
