"""Draws a template with its values and fetched pictures, and encodes it. No I/O."""
