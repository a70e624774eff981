"""Deletes stored pictures and erases values: of an image, a person, a version, a template."""
