"""Events: their types, ids and bodies, and the deliveries created for webhooks."""
