"""Pictures of drafts and stored templates that are drawn and not stored."""
