"""The answers for a terminal or a pipe."""
