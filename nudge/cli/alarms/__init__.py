"""Commands about what needs a person: alarms, their notices, and quarantined intervals."""
