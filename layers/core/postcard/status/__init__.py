"""The status page: checks of each minute, incidents from alarms, ninety days of both."""
