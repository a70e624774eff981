"""How a document is written: JSON mapping, constraints, validators."""
