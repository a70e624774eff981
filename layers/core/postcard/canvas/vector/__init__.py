"""Vector shapes: contours, SVG paths, strokes, dashes and their rasterization."""
