"""How central is, for Prometheus and for who asks whether it lives.

No name of a person, no address and no key stands in a metric."""
