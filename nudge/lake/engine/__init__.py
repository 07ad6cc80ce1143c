"""The query engine: DuckDB, or Spark, behind Ibis."""
