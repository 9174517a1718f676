"""Filters through libpcap: one program a link type, one line for each error, and never a look into DNS."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys

import pytest

from analyzer.capture import bpf
from analyzer.errors import FilterError, MissingExtra

try:
    bpf.libpcap_version()
except MissingExtra as missing:
    pytest.skip(str(missing), allow_module_level=True)

FRAME = (
    bytes.fromhex("0200000000010200000000020800")
    + bytes.fromhex("4500001c0001000040110000") + bytes([192, 168, 1, 23, 192, 168, 1, 1])
    + struct.pack(">HHHH", 40000, 53, 8, 0)
)  # fmt: skip


def passes(program: bytes, frame: bytes) -> bool:
    """What the kernel's own interpreter says: a socket pair with the program attached."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        code = ctypes.create_string_buffer(program)
        filters = struct.pack(
            "HxxxxxxP" if struct.calcsize("P") == 8 else "HxxP", len(program) // 8, ctypes.addressof(code)
        )
        other.setsockopt(socket.SOL_SOCKET, 26, filters)  # SO_ATTACH_FILTER
        other.settimeout(0.05)
        one.send(frame)
        try:
            other.recv(2000)
        except TimeoutError:
            return False
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="needs a socket filter of Linux")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("port 53", True),
        ("port 54", False),
        ("udp dst port domain and host 192.168.1.23", True),
        ("host node1", True),
        ("not host node1", False),
        ("src host both", True),
        ("host (other or both)", True),
        ("ip6", False),
        ("vlan", False),
        ("", True),
        ("udp[0:2] = 40000", True),
    ],
)
def test_a_program_says_what_tcpdump_would(expression: str, expected: bool) -> None:
    hosts = {"node1": ("192.168.1.1",), "both": ("2001:db8::1", "192.168.1.23"), "other": ("10.9.9.9",)}
    assert passes(bpf.programs(expression, hosts)[1], FRAME) is expected


def test_every_link_type_gets_its_own_program() -> None:
    found = bpf.programs("port 53")
    assert {1, 101, 113, 276, 0, 108, 228} <= set(found)
    assert found[1] != found[113]
    assert all(len(code) % 8 == 0 and code for code in found.values())


def test_an_expression_that_only_some_link_types_know_compiles_for_those() -> None:
    assert set(bpf.programs("ifindex 3")) == {276}


def test_a_link_type_on_which_nothing_can_match_rejects_all() -> None:
    assert bpf.programs("ip")[229] == struct.pack("=HBBI", 6, 0, 0, 0)


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("port 53 and and", "filter 'port 53 and and': can't parse filter expression: syntax error"),
        ("host nowhere", "unknown host 'nowhere' (dnsloupe asks no DNS; give the address)"),
        ("port 99999", "illegal port number 99999 > 65535"),
        ("port 53 )", "syntax error"),
        ("\N{SNOWMAN}", "syntax error"),
    ],
)
def test_a_bad_expression_is_one_line(expression: str, error: str) -> None:
    with pytest.raises(FilterError) as caught:
        bpf.programs(expression)
    assert error in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_libpcap_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> ctypes.CDLL:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", absent)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    bpf._library.cache_clear()
    try:
        with pytest.raises(MissingExtra, match=r"apt install libpcap0\.8"):
            bpf.programs("port 53")
    finally:
        bpf._library.cache_clear()
