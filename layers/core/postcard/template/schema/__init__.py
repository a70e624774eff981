"""How a template document is written in JSON: mapping, constraints, validators."""
