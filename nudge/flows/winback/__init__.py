"""Files of campaigns, read for win-back."""
