"""The model of rhythms: fitted to purchases, with forecasts and their check. For workers."""
