"""What anybody may read: board, search, live stream, the phone page.

Here is nothing that writes; no contact."""
