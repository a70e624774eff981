"""The renderer: a bound template and its pictures in, pixels out. No I/O."""
