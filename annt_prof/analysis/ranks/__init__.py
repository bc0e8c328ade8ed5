"""The ranks of one training beside each other."""
