"""Every kind of device over a real socket or pseudo-terminal, through the real bridge."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.decoders.amb_text import AmbTextPassing, encode_passing
from firmware_bridge.decoders.p3 import request_version
from firmware_bridge.replay_command import replay
from firmware_bridge.simulated.lane_timer_simulator import SimulatedChamp, SimulatedFastTrack
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.tns_simulator import SimulatedTimingSoftware
from firmware_bridge.spool.raw_log import raw_files, read_raw_records
from tests.firmware_bridge.decoders.recorded_samples import CHAMP_RESULT, FASTTRACK_RESULT, TNS_STORE_PASSING
from tests.firmware_bridge.device_stage import Mute, Socket, bridge_with, free_port, living, until

RTC_US = 1_437_769_372_993_000
PORT_GONE_WITHIN_MS = 3_000


def test_p3_what_passed_while_the_cable_was_out_is_fetched(tmp_path: Path) -> None:
    async def story() -> None:
        device = SimulatedP3()
        async with (
            Socket.open(device) as socket,
            bridge_with(tmp_path, f'kind = "p3"\naddress = "127.0.0.1:{socket.port}"') as trackside,
        ):
            await until(lambda: request_version() in socket.heard)
            for number in range(10):
                record = device.passing(transponder=7, rtc_us=RTC_US + number * 5_000_000)
                if number in (3, 4, 5):
                    socket.cut()
                    await until(lambda: not socket.is_dialled)
                else:
                    await until(lambda: socket.is_dialled)
                    socket.send(record)
            await until(lambda: len(trackside.passings) == 10)
            assert "port-gone" in trackside.states
            assert {seq for _, seq in trackside.passings} == set(range(1, 11))
            assert all(passing["transponder"] == 7 for passing in trackside.passings.values())
        # A second bridge reads the raw log and has nothing to add.
        async with (
            Socket.open(device) as socket,
            bridge_with(tmp_path, f'kind = "p3"\naddress = "127.0.0.1:{socket.port}"') as trackside,
        ):
            await until(lambda: len(trackside.passings) == 10)
            socket_record = device.passing(transponder=7, rtc_us=RTC_US + 60_000_000)
            await until(lambda: socket.is_dialled)
            socket.send(socket_record)
            await until(lambda: len(trackside.passings) == 11)
            assert len({boot for boot, _ in trackside.passings}) == 1
        replayed = [passing.seq for passing in replay(read_raw_records(raw_files(tmp_path / "spool")))]
        assert sorted(replayed) == list(range(1, 12))

    asyncio.run(story())


def test_amb_text_over_a_serial_port(tmp_path: Path) -> None:
    async def story() -> None:
        sensor = 'kind = "amb-text"\nport = "tty"\nbaud = 19200'
        with PseudoTerminal.open(tmp_path / "tty") as terminal:
            async with bridge_with(tmp_path, sensor) as trackside:
                await until(lambda: trackside.states[-1:] == ["silent"])
                for seq in (1, 2):
                    terminal.write(
                        encode_passing(
                            AmbTextPassing(
                                seq=seq,
                                transponder=8533156,
                                time_us=seq * 4_000_000,
                                hits=400,
                                strength=163,
                                status=2,
                            )
                        )
                    )
                await until(lambda: len(trackside.passings) == 2)
                await until(lambda: trackside.states[-1:] == ["ok"])

    asyncio.run(story())


def test_alge_says_nothing_between_impulses_and_that_is_no_trouble(tmp_path: Path) -> None:
    async def story() -> None:
        sensor = 'kind = "alge"\nport = "tty"\nhandshake = "rts-cts"'
        with PseudoTerminal.open(tmp_path / "tty") as terminal:
            async with bridge_with(tmp_path, sensor) as trackside:
                await until(lambda: trackside.states[-1:] == ["ok"])
                for channel, time_us in (("C0", 36_295_651_300), ("C1", 36_355_411_300)):
                    impulse = AlgeImpulse(
                        flag=" ", number=1, channel=channel, manual=False, time_of_day_us=time_us
                    )
                    terminal.write(encode_impulse(impulse))
                await until(lambda: len(trackside.passings) == 2)
                channels = {passing["channel"] for passing in trackside.passings.values()}
                assert channels == {0, 1}
                assert set(trackside.states) <= {"port-gone", "ok"}

    asyncio.run(story())


def test_lane_timers_are_asked_and_missed_when_they_are_gone(tmp_path: Path) -> None:
    async def story(kind: str, timer: SimulatedFastTrack | SimulatedChamp, heat: bytes) -> None:
        folder = tmp_path / kind
        folder.mkdir()
        with PseudoTerminal.open(folder / "tty") as terminal:
            async with bridge_with(folder, f'kind = "{kind}"\nport = "tty"') as trackside:
                async with living(terminal, timer):
                    await until(lambda: trackside.states[-1:] == ["ok"])
                    terminal.write(heat)
                    await until(lambda: len(trackside.passings) >= 8)
                    gates = [passing["gate"] for passing in trackside.passings.values()]
                    assert gates.count("start") == gates.count("finish") == 4
                await until(lambda: trackside.states[-1:] == ["silent"], within_ms=3_500)

    async def both() -> None:
        fast_track, champ = SimulatedFastTrack(), SimulatedChamp()
        async with asyncio.TaskGroup() as tasks:
            heat = fast_track.run_heat(FASTTRACK_RESULT.lanes)
            tasks.create_task(story("fasttrack", fast_track, heat))
            tasks.create_task(story("champ", champ, champ.run_heat(CHAMP_RESULT.lanes)))

    asyncio.run(both())


def test_timing_software_dials_us_and_is_acknowledged_once_it_is_durable(tmp_path: Path) -> None:
    async def story() -> None:
        software = SimulatedTimingSoftware()
        port = free_port()
        async with bridge_with(tmp_path, f'kind = "tns"\naddress = "127.0.0.1:{port}"') as trackside:
            await until(lambda: any("nobody has dialled" in detail for detail in trackside.details))
            for _ in range(3):  # it breaks off, dials again and repeats for ever
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(software.deliver([TNS_STORE_PASSING]) + software.repeat())
                while software.unacknowledged_count:
                    software.receive(await reader.read(4096))
                writer.transport.abort()
            await until(lambda: len(trackside.passings) == 1)
            (passing,) = trackside.passings.values()
            assert passing["transponder"] == TNS_STORE_PASSING.chip
            reader, older = await asyncio.open_connection("127.0.0.1", port)
            _, newer = await asyncio.open_connection("127.0.0.1", port)
            async with asyncio.timeout(2):  # the newest connection wins
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            for writer in (older, newer):
                writer.transport.abort()
            await asyncio.sleep(0.05)

    asyncio.run(story())


def test_a_decoder_that_goes_away_is_gone_at_once_and_back_within_two_seconds(tmp_path: Path) -> None:
    async def story() -> None:
        device = SimulatedP3()
        async with Socket.open(device) as first:
            port = first.port
            async with bridge_with(tmp_path, f'kind = "p3"\naddress = "127.0.0.1:{port}"') as trackside:
                await until(lambda: first.is_dialled)
                first.send(device.status())
                await until(lambda: trackside.states[-1:] == ["ok"])
                await first.close()
                await until(lambda: trackside.states[-1:] == ["port-gone"], within_ms=PORT_GONE_WITHIN_MS)
                async with Socket.open(Mute(), port=port) as second:
                    await until(lambda: second.is_dialled, within_ms=2_500)
                    second.send(device.status())
                    await until(lambda: trackside.states[-1:] == ["ok"])

    asyncio.run(story())
