"""The SSRF-safe fetcher of remote images, and HTTP/1.1 with a deadline."""
