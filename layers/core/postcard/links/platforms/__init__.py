"""The mail platforms: one file each for how a platform writes merge tags."""
