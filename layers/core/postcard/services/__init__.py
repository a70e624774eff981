"""The use cases of the JSON API."""
