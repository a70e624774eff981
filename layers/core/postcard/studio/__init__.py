"""The use cases of the template editor: drafts, and designs to start from."""
