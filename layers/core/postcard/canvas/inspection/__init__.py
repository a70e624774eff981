"""Analyses drawn pixels: compares two pictures, and measures how dark one is."""
