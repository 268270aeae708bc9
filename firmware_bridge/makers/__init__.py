"""Events to passings, pure: tick clock, hold-off, a maker for each family.

Here is no port, no spool."""
