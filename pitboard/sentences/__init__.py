"""Codes with their fields, and the one catalogue that turns them into English, German and whatever comes.

Never here: a decision. Nothing decides by the text of a sentence; it may change with any version."""
