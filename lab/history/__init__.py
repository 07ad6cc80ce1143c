"""History: a month of visitors, failures and work, made through the service on a moved clock."""
