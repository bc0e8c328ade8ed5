"""The answer as text and as one JSON document."""
