"""Records, where they are kept, and the race that is made from them.

Here is no network, no screen."""
