"""AWS's list prices, and what Postcard's work costs by them."""
