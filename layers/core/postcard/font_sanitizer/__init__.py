"""Strangers' fonts, checked and written anew: the one room that knows fontTools.

It is imported where a font is uploaded, never where a picture is drawn.
"""
