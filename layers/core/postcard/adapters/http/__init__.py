"""The SSRF-safe fetcher."""
