"""Events: their types, ids and bodies, and the webhooks that they are for."""
