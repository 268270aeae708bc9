"""What is said about a race: the bodies of its records, a module for each thing that is spoken of.

Never who may say it, nor how it is kept: `docs/records.md` explains each body."""
