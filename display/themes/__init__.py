"""The looks that come along, as TOML files. Never here: code."""
