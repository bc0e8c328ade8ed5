"""Runs a training script of the user's own and looks for known mistakes while it trains."""
