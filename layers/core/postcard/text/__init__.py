"""Text layout: fonts, shaping, bidirectional order, line breaking and fitting."""
