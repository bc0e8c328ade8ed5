"""Fixtures of the tests that need a CUDA device."""

from __future__ import annotations

from small_training import exact

__all__ = ["exact"]
