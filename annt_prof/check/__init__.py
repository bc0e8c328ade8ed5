"""Budgets and the gate: whether what a run measured is within what somebody allows."""
