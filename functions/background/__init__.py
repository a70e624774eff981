"""What the functions share that no person waits for: `batch`, `status`, `webhook`, `worker`."""
