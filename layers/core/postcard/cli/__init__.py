"""The `postcard` command line."""
