"""Predicts in virtual time what a large send asks of AWS, and where it would bend."""
