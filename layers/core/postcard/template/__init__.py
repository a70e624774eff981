"""Template documents: their schema, validation, fields, layers and Liquid."""
