"""A template's fields, and how their values are read."""
