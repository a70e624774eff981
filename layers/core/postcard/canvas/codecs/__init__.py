"""Pictures decoded and encoded."""
