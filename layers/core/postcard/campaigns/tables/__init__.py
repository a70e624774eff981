"""Tables of people: CSV and JSON Lines, read and written as they are."""
