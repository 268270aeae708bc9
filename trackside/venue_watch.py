"""Who else is at this venue, and which part of the unit must know it.

It announces the unit, heeds what others announce, and keeps asking them: displays, units, and whoever else
has this unit's key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from pitboard.doors.door_proof import DoorPass, prove_at_door
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.health.venue_findings import VenueSeen, other_machines
from pitboard.journal.replica import WritingReplica
from pitboard.presence.central_places import central_places
from pitboard.presence.heard_nodes import FoundNode
from pitboard.presence.venue_addresses import hosts_of, near_place, own_addresses, own_interfaces
from pitboard.presence.venue_mdns import CENTRAL_SERVICE, DISPLAY_SERVICE, UNIT_SERVICE
from pitboard.presence.venue_presence import Advert, VenuePresence
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import event_of
from sync.exchanging.exchange_api import ExchangeApi
from sync.exchanging.requests_peer import RequestsPeer
from trackside.api.local_api import VERSION, CentralPlacesApi
from trackside.api.screen_feed import ScreenFeed
from trackside.config import TracksideConfig
from trackside.others.display_pictures import DisplayPictures
from trackside.others.display_watch import DisplayWatch
from trackside.others.neighbours import Neighbours, neighbours_of, places_of_keys, with_configured
from trackside.others.own_key_watch import OwnKeyWatch, places_of_own_key
from trackside.others.unit_clocks import UnitClocks
from trackside.timing.lights import Lights

HEED_PAUSE_S = 0.1
"""Between two looks at what is announced: ten per second, however many names strangers shout."""


class VenueWatch:
    """Each of its watchers asks one kind of machine; `run` keeps all of them going."""

    def __init__(
        self,
        config: TracksideConfig,
        *,
        replica: WritingReplica,
        identity: Identity,
        feed: ScreenFeed,
        lights: Lights,
        central: CentralPlacesApi,
        exchange: ExchangeApi,
        pictures: DisplayPictures,
    ) -> None:
        self._config = config
        self._replica = replica
        self._identity = identity
        self._feed = feed
        self._lights = lights
        self._central = central
        self._configured = {url: urlsplit(url).hostname or url for url in config.lan.units}
        self._announced = asyncio.Event()
        self._presence = VenuePresence(
            Advert(service=UNIT_SERVICE, key=identity.key, properties=self._said, identity=identity),
            browse_services=(DISPLAY_SERVICE, UNIT_SERVICE, CENTRAL_SERVICE),
            interfaces=config.lan.mdns_interfaces,
            is_on=config.lan.mdns,
            on_change=self._announced.set,
            known=self._known,
        )
        self._copies = OwnKeyWatch(
            identity.key,
            replica.clock,
            own_stream=lambda: replica.next_place[0],
            connect=self._connect,
            on_change=self._see_copies,
        )
        self._neighbours = Neighbours(
            replica, connect=self._connect, on_answerer=lights.trust.see, on_clock=lights.clocks.hear
        )
        exchange.others = self._neighbours.proven_places
        self._clocks = UnitClocks(
            replica, replica.clock, track_units=config.track_units, connect=self._connect
        )
        self._displays = DisplayWatch(
            self._announced_displays, replica.clock, lambda found: feed.show_displays(list(found))
        )
        pictures.places = self._displays.places_of

    async def run(self, port: int) -> None:
        """Announce the unit at `port` and watch the others until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._neighbours.run(), name="neighbours")
            tasks.create_task(self._clocks.run(), name="clocks")
            tasks.create_task(self._copies.run(), name="copies of this card")
            tasks.create_task(self._heed(), name="what is announced")
            tasks.create_task(self._presence.run(port), name="presence")
            tasks.create_task(self._displays.run(), name="displays")

    def seen(self) -> VenueSeen:
        """Return what this unit has of the other machines now, as the doctor's checks take it."""
        services = (UNIT_SERVICE, DISPLAY_SERVICE, CENTRAL_SERVICE)
        own = own_interfaces()
        heard = {service: list(self._presence.found(service).values()) for service in services}
        others = other_machines(heard, self._config.event_key, hosts_of(own))
        url = self._lights.central_url()
        return VenueSeen(
            is_on=self._config.lan.mdns and self._presence.has_network,
            units=others.units,
            displays=others.displays,
            has_central=others.has_central,
            central_at=near_place(url, own),
            is_central_well=bool(url),
            waiting_count=self._lights.backlog(),
            own_version=VERSION,
            versions={one.name: one.version for one in self._feed.displays},
        )

    async def _heed(self) -> None:
        while True:
            await self._announced.wait()
            self._announced.clear()
            self._heed_units()
            await asyncio.sleep(HEED_PAUSE_S)

    def _heed_units(self) -> None:
        """Tell each watcher, the lights and the sync program what is announced now."""
        units = self._presence.found(UNIT_SERVICE)
        enrolled = self._replica.fold.roster.enrolled()
        self._central.hear(
            central_places(
                self._presence.found(CENTRAL_SERVICE).values(),
                units.values(),
                event_key=self._config.event_key,
                enrolled=enrolled,
            )
        )
        here = own_addresses()
        self._lights.see_places(places_of_keys(units.values(), own=here))
        elsewhere = places_of_own_key(units.values(), self._identity.key, own=here)
        self._copies.follow({**elsewhere, **self._configured})
        others = with_configured(
            neighbours_of(
                units, event_key=self._config.event_key, own_key=self._identity.key, enrolled=enrolled
            ),
            self._config.lan.units,
        )
        self._neighbours.follow(others)
        self._clocks.follow(others)

    def _announced_displays(self) -> dict[str, FoundNode]:
        return {
            place: node
            for place, node in self._presence.found(DISPLAY_SERVICE).items()
            if node.properties.get("event") == self._config.event_key
        }

    def _said(self) -> dict[str, str]:
        """Return what the unit's advert says of it."""
        url = self._lights.central_url()
        return {
            "event": self._config.event_key,
            "cup": event_of(self._replica).name,
            "unit": self._config.name,
            "tls": "yes" if self._config.lan.tls else "no",
        } | ({"ctl": url} if url else {})

    def _known(self) -> set[str]:
        """Return the keys whose adverts are checked before those of strangers."""
        roster = self._replica.fold.roster
        return {self._identity.key, self._config.event_key, *roster.enrolled(), *roster.displays()}

    def _see_copies(self, hosts: Sequence[str]) -> None:
        self._lights.see_own_key_at(hosts)
        self._feed.bump()

    def _connect(self, url: str, name: str) -> RequestsPeer:
        # Encrypted, and nothing believed of the address: the records carry their own signatures.
        return RequestsPeer(url, name=name, pin=ANY_CERTIFICATE, auth=DoorPass(self._prove))

    def _prove(self, challenge: str, fingerprint: str) -> str:
        return prove_at_door(self._identity, challenge, fingerprint)
