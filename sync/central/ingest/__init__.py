"""What units bring: records, contacts, how they are.

Here is nothing for the public."""
