"""What a table would give, before anything is drawn."""
