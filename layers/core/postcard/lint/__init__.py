"""Warnings about a template that is valid."""
