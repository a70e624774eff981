"""The template document: one file a layer type, fields, values, binding."""
