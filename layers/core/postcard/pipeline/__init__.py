"""From a stored template version to an encoded picture: load, fetch, render."""
