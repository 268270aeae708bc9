"""The central server: takes the units' signed records, and shows the board to everybody.

Two doors: ingest takes records and nothing else; the public app reads the fold and never sees the writer."""
