"""What is said about a race: the bodies of its records by what is spoken of, and the values in them.

Never who may say it, nor how it is kept: `docs/records.md` explains each body."""
