"""The connection: client, circuit breaker, keys and codecs."""
