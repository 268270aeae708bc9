"""Central over PostgreSQL: its schema, its three roles, the journal and the sealed contacts in it.

Here is no race, and no door."""
