"""Batches: split, work, join."""
