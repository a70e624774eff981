"""Property types that layers share."""
