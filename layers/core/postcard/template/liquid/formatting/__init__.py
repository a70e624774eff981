"""Numbers by locale and dates by strftime codes, as Babel alone does not write them."""
