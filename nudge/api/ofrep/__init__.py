"""OFREP, the remote protocol of OpenFeature: slots as flags, so that its SDKs work."""
