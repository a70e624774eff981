"""Webhooks: their settings, and the delivery of events to their endpoints."""
