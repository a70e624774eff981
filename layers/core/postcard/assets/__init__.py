"""Images and fonts that the customer uploads."""
