"""Parses and validates a template document."""
