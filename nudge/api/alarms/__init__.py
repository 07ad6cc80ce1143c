"""Operations about what needs a person: alarms, and quarantined intervals."""
