"""The acts above an official's word, their trail, erasing.

Here no contact is opened."""
