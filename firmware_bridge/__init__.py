"""The bridge: its config, one reader for each sensor, the process.

Here are no details of a protocol."""
