"""What a process needs before any picture: cheap definitions, bounded caches, a sandbox."""
