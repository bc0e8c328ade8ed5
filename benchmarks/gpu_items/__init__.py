"""What ``benchmarks/gpu_hour.py`` measures: one file per group of items.

A group's file names its items (for the parent, which needs the standard library alone) and is what
runs them: ``python3 -m benchmarks.gpu_items.GROUP``, each in a process of its own.
"""
