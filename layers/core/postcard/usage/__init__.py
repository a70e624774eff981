"""Counts what happens to pictures, and reports it by day, template and campaign."""
