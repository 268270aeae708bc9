"""Being found on the venue's network, and finding others.

Here is no trust in what is found."""
