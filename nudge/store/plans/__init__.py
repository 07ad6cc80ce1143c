"""Plans of SMS in the store: their book and the capacity of each hour."""
