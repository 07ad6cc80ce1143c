"""Parquet files and manifests: written, read, compacted, expired and restored."""
