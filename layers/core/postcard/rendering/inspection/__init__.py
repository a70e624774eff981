"""Describes a drawn template for an editor: geometry of layers, parts, positions of carets."""
