"""What ran in traced steps, kernels and operators by name, as sheets."""
