"""Converts the colours of decoded images to sRGB, from whatever their files say they are in."""
