"""How a broker is reached and what stands on it, for central that writes there and for those who follow.

Nothing that a broker sends is believed here or passed on before the event's signature under it holds."""
