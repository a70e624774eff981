"""Finds a JSON Patch for a finding, where one edit mends it, and verifies it by drawing again."""
