"""The journal's long-term form: Parquet files and the manifests that name them."""
