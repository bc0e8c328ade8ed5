"""A trace as lanes of items, one for each thread and each stream: what a picture of it needs."""
