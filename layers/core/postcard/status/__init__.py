"""The status page: checks each minute, incidents from alarms, and ninety days of history."""
