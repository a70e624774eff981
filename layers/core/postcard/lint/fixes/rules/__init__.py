"""Functions that propose fixes for one kind of finding, the best first."""
