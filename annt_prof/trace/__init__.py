"""Kineto trace files, read into numpy columns without torch."""
