"""Outlines: shapes, SVG paths, strokes, and their coverage."""
