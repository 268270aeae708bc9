"""Attacks from outside, as strangers carry them out; used by tests and, all at once, by `make attack`."""
