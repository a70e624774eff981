"""Proposes JSON Patches that fix findings, and verifies each by drawing the patched document."""
