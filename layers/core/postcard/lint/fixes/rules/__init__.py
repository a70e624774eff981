"""What may mend each finding: functions that propose patches, the best first."""
