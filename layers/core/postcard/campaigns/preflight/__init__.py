"""Checks the pictures of a whole table before a send; stores none and draws only a sample."""
