"""Liquid templates and conditions: parsed, checked, rendered."""
