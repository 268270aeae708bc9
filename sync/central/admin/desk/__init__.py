"""The organiser's desk in a browser: who may sign in, what the pages ask for, and the pages.

An act is carried out by `sync/central/admin`, as for the terminal; no rule of the race lives here."""
