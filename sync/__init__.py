"""The sync process of a unit.

Here is no record of its own."""
