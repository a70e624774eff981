"""Raster graphics on Pillow: canvas, paints, masks, text drawing and codecs."""
