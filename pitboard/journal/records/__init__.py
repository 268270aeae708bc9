"""What a record is, its kinds, and who may write which.

Here is nothing of where records are kept, and nothing of what they make."""
