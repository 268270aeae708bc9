"""A journal as a file: backup, restore, verify, export.

Here is nothing that writes a record."""
