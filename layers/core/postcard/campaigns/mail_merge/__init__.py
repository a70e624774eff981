"""Writes a mail for each person of a table, with the person's own picture in it."""
