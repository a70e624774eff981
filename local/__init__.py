"""Runs Postcard on one machine without an AWS account: the real code on imitated AWS services."""
