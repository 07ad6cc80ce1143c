"""The screen of promotions: cards and a calendar, the form, and stopping one."""
