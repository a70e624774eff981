"""Validates and rewrites uploaded fonts; the only package that imports fontTools.

It is loaded where a font is uploaded, never where a picture is drawn.
"""
