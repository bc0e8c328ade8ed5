"""Tables of a trace: kernels, copies, waits, memory, the host, mistakes."""
