"""Images and fonts that customers upload, and the fonts of a template."""
