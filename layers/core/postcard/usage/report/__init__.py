"""The page of usage: sums over a period, plots as SVG, CSV, and read-only links to share it."""
