"""Ports have names that last, and a name that is not a port's own is said to be so."""

from __future__ import annotations

from pathlib import Path

from firmware_bridge.watch.port_names import serial_ports
from firmware_bridge.watch.port_probe import PortFinding
from firmware_bridge.watch.sensors_command import format_findings, name_trouble


class Machine:
    """A /dev and a /sys made by hand."""

    def __init__(self, folder: Path) -> None:
        self.dev = folder / "dev"
        self.sys_tty = folder / "sys"
        (self.dev / "serial" / "by-id").mkdir(parents=True)
        (self.dev / "serial" / "by-path").mkdir()
        self.sys_tty.mkdir()
        self._devices = folder / "devices"

    def plug(self, name: str, *, place: str, serial_number: str) -> None:
        (self.dev / name).touch()
        usb = self._devices / place
        interface = usb / "1.0" / name
        interface.mkdir(parents=True)
        (usb / "idVendor").write_text("1a86\n")
        (usb / "idProduct").write_text("7523\n")
        if serial_number:
            (usb / "serial").write_text(serial_number + "\n")
        (usb / "1.0" / "bInterfaceNumber").write_text("00\n")
        (self.sys_tty / name).mkdir()
        (self.sys_tty / name / "device").symlink_to(interface)
        by_id = self.dev / "serial" / "by-id" / f"usb-1a86_{serial_number or 'USB_Serial'}-if00"
        if not by_id.is_symlink():
            by_id.symlink_to(self.dev / name)
        (self.dev / "serial" / "by-path" / place).symlink_to(self.dev / name)

    def board_port(self, name: str, *, type_number: str = "") -> None:
        (self.dev / name).touch()
        (self.sys_tty / name).mkdir()
        if type_number:
            (self.sys_tty / name / "type").write_text(type_number + "\n")


def test_two_adapters_without_serial_numbers_are_named_by_their_place(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.plug("ttyUSB0", place="usb-0:1.1", serial_number="")
    machine.plug("ttyUSB1", place="usb-0:1.2", serial_number="")
    machine.plug("ttyUSB2", place="usb-0:1.3", serial_number="A7")
    ports = {names.by_path[-3:]: names for names in serial_ports(dev=machine.dev, sys_tty=machine.sys_tty)}
    assert [ports[place].is_unique for place in ("1.1", "1.2", "1.3")] == [False, False, True]
    assert ports["1.1"].port == machine.dev / "serial" / "by-path" / "usb-0:1.1"
    assert ports["1.3"].port.parent.name == "by-id"
    assert "not its own" in name_trouble(ports["1.1"])
    assert name_trouble(ports["1.3"]) == ""


def test_one_adapter_without_a_serial_number_is_told_before_there_are_two(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.plug("ttyUSB0", place="usb-0:1.1", serial_number="")
    (names,) = serial_ports(dev=machine.dev, sys_tty=machine.sys_tty)
    assert names.is_unique
    assert "by-path name is safer" in name_trouble(names)


def test_the_boards_own_ports_are_listed_once_and_those_without_hardware_are_not(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.board_port("ttyAMA0")
    machine.board_port("ttyS0", type_number="0")
    machine.board_port("ttyS1", type_number="4")
    (machine.dev / "serial0").symlink_to(machine.dev / "ttyAMA0")
    ports = serial_ports(dev=machine.dev, sys_tty=machine.sys_tty)
    assert [names.port.name for names in ports] == ["ttyAMA0", "ttyS1"]


def test_the_table_shows_the_place_beside_the_name() -> None:
    finding = PortFinding(
        port="/dev/serial/by-id/x",
        kind="p3",
        baud=9_600,
        detail="answers",
        by_path="/dev/serial/by-path/y",
        name_trouble="It has no serial number.",
    )
    assert format_findings([finding]) == [
        "/dev/serial/by-id/x  p3         9600 baud, answers",
        "    plugged in at /dev/serial/by-path/y",
        "    It has no serial number.",
    ]
