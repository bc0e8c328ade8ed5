"""NVML and host counters, sampled by a process of its own on the same monotonic clock."""
