"""Checks valid templates for likely mistakes; publishing reports the findings."""
