"""From a list of people to a mailing: tables, batches, preflight, mail merge."""
