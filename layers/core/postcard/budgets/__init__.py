"""Limits on renders and on money, counted by all processes together."""
