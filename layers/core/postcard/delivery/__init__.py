"""The answer to a GET: the picture, or the best fallback."""
