"""Signed links: parsing, signing, verifying, merge tags and cache paths."""
