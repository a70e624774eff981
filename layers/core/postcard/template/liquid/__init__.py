"""Liquid: parsed, checked, run."""
