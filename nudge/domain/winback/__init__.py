"""Win-back: whom a contact brings back, measured against people who are held out."""
