"""The ports on AWS services, and the clients that call them."""
