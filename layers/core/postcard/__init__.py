"""Postcard: a personal picture in every e-mail."""
