"""Signed links: parsing, signing, verifying, the path that caches know them by."""
