"""Counts links, pictures and requests, and reports them by day, template and campaign."""
