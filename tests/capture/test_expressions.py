"""Names in filter expressions: found where libpcap would look them up, replaced from local tables, never from DNS."""

from __future__ import annotations

import pytest

from analyzer.capture.expressions import local_hosts, resolved
from analyzer.errors import FilterError

HOSTS = {"node1": ("192.168.1.23",), "both": ("10.0.0.1", "fe80::1"), "six": ("2001:db8::6",)}


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "port 53 and host 192.168.1.23",
        "tcp[tcpflags] & (tcp-syn|tcp-ack) != 0",
        "udp[10:2] & 0x8000 = 0 and not ip6",
        "ether host 0:1:2:a:b:c or ether host 00-01-02-0a-0b-0c or ether src 0001.020a.0b0c",
        "net 10.0.0.0/8 or net 2001:db8::/32 or src net 10.1 mask 255.255.0.0",
        "ip6 host ::ffff:1.2.3.4 or host fe80::1",
        "portrange 53-60 or port 53",
        "icmp[icmptype] == icmp-unreach or icmp6[icmp6type] = icmp6-packettoobig",
        "wlan type mgt subtype beacon",
        "vlan 3 and mpls 1000 and pppoes 7 and geneve 9",
        r"ip proto \tcp or ether proto \arp or ip protochain 6",
        "len <= 100 and greater 20 or less 10",
        "on eth0 and reason match",
        "gateway 1.2.3.4",
    ],
)
def test_expressions_without_names_stay_as_they_are(expression: str) -> None:
    assert resolved(expression, HOSTS) == expression


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("host node1", "host 192.168.1.23"),
        ("port 53 and NODE1", "port 53 and NODE1"),
        ("src node1 or six", "src 192.168.1.23 or 2001:db8::6"),
        ("src or dst node1 and port domain", "src or dst 192.168.1.23 and port 53"),
        ("host both", "host (10.0.0.1 or fe80::1)"),
        ("not host both", "not host (10.0.0.1 or fe80::1)"),
        ("ip host both", "ip host 10.0.0.1"),
        ("ip6 src both", "ip6 src fe80::1"),
        ("ip and host both", "ip and host (10.0.0.1 or fe80::1)"),
        ("host (both or node1)", "host (10.0.0.1 or fe80::1 or 192.168.1.23)"),
        ("udp dst port domain", "udp dst port 53"),
        ("portrange domain-1000", "portrange 53-1000"),
        (r"host \node1", "host 192.168.1.23"),
        ("on eth0 and host node1", "on eth0 and host 192.168.1.23"),
    ],
)
def test_names_become_numbers(expression: str, expected: str) -> None:
    if expected == expression:  # after `port`, a word names a port
        with pytest.raises(FilterError, match="unknown port 'NODE1'"):
            resolved(expression, HOSTS)
    else:
        assert resolved(expression, HOSTS) == expected


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("host nowhere.example", "unknown host 'nowhere.example' (dnsloupe asks no DNS; give the address)"),
        ("port 53 and host node9", "unknown host 'node9' (dnsloupe asks no DNS; give the address)"),
        ("not src node9", "unknown host 'node9' (dnsloupe asks no DNS; give the address)"),
        ("ip host six", "unknown IPv4 host 'six' (dnsloupe asks no DNS; give the address)"),
        ("on eth0 or node9", "unknown host 'node9' (dnsloupe asks no DNS; give the address)"),
        ("node9", "unknown host 'node9' (dnsloupe asks no DNS; give the address)"),
        ("net lab", "unknown network 'lab' (give the address)"),
        ("ether host node1", "unknown Ethernet host 'node1' (give the address)"),
        ("gateway node1", "gateway 'node1': say ether host MAC and not host ADDRESS instead"),
        ("port dnsdns", "unknown port 'dnsdns' (give the number)"),
        ("host (six and both)", "host 'both' has several addresses; write it outside the list"),
        ("port 53\0", "a filter holds no NUL"),
    ],
)
def test_what_no_table_holds_is_an_error_of_one_line(expression: str, error: str) -> None:
    with pytest.raises(FilterError) as caught:
        resolved(expression, HOSTS)
    assert str(caught.value) == error


def test_a_hosts_file_is_read_with_its_comments_aliases_and_bad_lines() -> None:
    text = "127.0.0.1 localhost  me # both\n::1 localhost\n# none\nnonsense\nfe80::1%eth0 Link\n300.1.1.1 bad\n"
    assert local_hosts(text) == {"localhost": ("127.0.0.1", "::1"), "me": ("127.0.0.1",), "link": ("fe80::1",)}
