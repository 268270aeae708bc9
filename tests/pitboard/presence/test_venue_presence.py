"""What a node does all day while its network stays as it is: as good as nothing."""

from __future__ import annotations

import asyncio
import socket

from pitboard.presence.venue_addresses import AddressNews


def test_news_of_an_address_is_heard_at_once() -> None:
    ours, kernels = socket.socketpair()

    async def story() -> None:
        news = AddressNews(ours)
        assert news.is_told
        assert not await news.come(0.01)
        kernels.send(b"an address")
        assert await news.come(60)
        assert news.has_come()
        assert not await news.come(0.01)

    with ours, kernels:
        ours.setblocking(False)
        asyncio.run(story())


def test_where_nobody_tells_of_addresses_there_may_always_be_news() -> None:
    news = AddressNews(None)
    assert not news.is_told
    assert not asyncio.run(news.come(0.01))
    assert news.has_come()
