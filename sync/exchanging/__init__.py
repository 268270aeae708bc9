"""The one exchange: call, answer, freshness, pump, the peer over HTTP.

Here is nothing that knows which node it serves."""
