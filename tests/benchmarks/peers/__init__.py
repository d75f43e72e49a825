"""The candidates: one file per vendor, each imported only in the process that measures it, at its defaults."""
