"""Looks at drawn pixels: compares pictures, and counts what would be seen of them."""
