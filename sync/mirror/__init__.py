"""The public door in another city: pages and API from what a broker carries, without central and its keys.

It writes nothing for others, and where it cannot know the present it answers nothing as of now."""
