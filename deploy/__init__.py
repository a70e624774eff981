"""Checks, builds and deploys the stack in AWS: `make stack`, `make build`, `make deploy`."""
