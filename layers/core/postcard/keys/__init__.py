"""API keys and the keys that sign links."""
