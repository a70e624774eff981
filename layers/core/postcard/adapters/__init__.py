"""Implementations of the ports: AWS, in memory, HTTP and files."""
