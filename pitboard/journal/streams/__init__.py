"""What the streams themselves prove: how far each came, who wrote it, and whether central saw the same.

Nothing of what its records say of a race."""
