"""SMS as people look at them: who may be contacted, what sends brought, what is planned."""
