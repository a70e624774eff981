"""Parsing and validating a document."""
