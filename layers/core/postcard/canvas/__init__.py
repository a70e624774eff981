"""The 2-D API: surface, paints, pictures, encoders."""
