"""A run in TensorBoard: traces the profiler plugin reads right, scalars, a card, an image."""
