"""Types of properties that several layer types share."""
