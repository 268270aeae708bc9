"""Nothing is forgotten: raw log, room on the disk, outbox.

Here nobody asks what the bytes mean."""
