"""Scenario files: YAML to typed, frozen values, every error at once and with its place."""
