"""The one reader of files that people bring: CSV in the forms of spreadsheets, and Parquet."""
