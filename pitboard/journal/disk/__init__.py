"""Where records are kept: the file, its tables, what waits for the disk, and the newest in memory.

Never what a record says."""
