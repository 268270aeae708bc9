"""Who somebody is: a node's key and its certificate.

Here is no network, no race."""
