"""What kernels and operators are, told from their names."""
