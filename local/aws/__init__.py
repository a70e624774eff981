"""Imitations of the AWS services that Postcard uses, configured from `template.yaml`."""
