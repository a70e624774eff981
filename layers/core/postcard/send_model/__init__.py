"""Predicts in virtual time what a large send asks of AWS, and which service limits it."""
