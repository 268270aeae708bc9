"""A whole venue in one file, and what each of its machines needs to know from it.

Here is nothing that runs at a race: only what is done before the doors open."""
