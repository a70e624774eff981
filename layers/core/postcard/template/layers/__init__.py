"""One file per layer type."""
