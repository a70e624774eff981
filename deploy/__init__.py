"""Brings the stack up in an AWS account: `make stack`, `make build`, `make deploy`."""
