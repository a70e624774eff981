"""Letters to lines: fonts, shaping, wrapping, fitting."""
