"""annt-prof: what a training technique is worth, where in the step, and why."""

__version__ = "0.1.0"
