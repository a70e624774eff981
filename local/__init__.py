"""Postcard on one machine: the real handlers, edge function and adapters, without an account."""
