"""netplan and systemd-networkd."""

from __future__ import annotations

import pytest

from analyzer.config.netplan import merge_links, read, read_network

PLAN = """\
network:
  version: 2
  ethernets:
    eth0:
      dhcp4: true
      dhcp4-overrides:
        OVERRIDE: false
      addresses:
        - 192.168.1.23/24
        - 192.168.1.24/24:
            label: second
      nameservers:
        search: [example.org, "~corp.example"]
        addresses: [192.168.1.1, "fd00::1"]
"""


def test_static_and_dhcp() -> None:
    parsed = read(PLAN, "f")
    (link,) = parsed.content
    assert not parsed.problems
    assert [(one.endpoint.address, one.source.line) for one in link.servers] == [("192.168.1.1", 14), ("fd00::1", 14)]
    assert [(one.name, one.route_only) for one in link.domains] == [("example.org.", False), ("corp.example.", True)]
    assert link.addresses == ("192.168.1.23", "192.168.1.24")
    assert link.dhcp_dns is not None
    assert link.dhcp_dns.line == 5


@pytest.mark.parametrize(("override", "dns", "domains"), [("use-dns", False, True), ("use-domains", True, False)])
def test_overrides(override: str, dns: bool, domains: bool) -> None:
    (link,) = read(PLAN.replace("OVERRIDE", override), "f").content
    assert (link.dhcp_dns is not None, link.dhcp_domains is not None) == (dns, domains)


def test_bad_plans() -> None:
    assert [one.source.line for one in read("version: 2\n", "f").problems] == [1]
    bad = "network:\n  ethernets:\n    a:\n      nameservers:\n        addresses: [dns]\n"
    assert [one.source.line for one in read(bad, "f").problems] == [5]


def test_network_files() -> None:
    text = "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nDNS=192.168.1.1 192.168.1.2\nDomains=example.org ~lan\nAddress=192.168.1.23/24\n"
    (link,) = read_network(text, "10-eth0.network").content
    assert [one.endpoint.address for one in link.servers] == ["192.168.1.1", "192.168.1.2"]
    assert (link.name, link.addresses, link.dhcp_domains) == ("eth0", ("192.168.1.23",), None)
    assert link.dhcp_dns is not None
    more = text + "[DHCPv4]\nUseDomains=yes\nUseDNS=no\n"
    (link,) = read_network(more, "10-eth0.network").content
    assert link.dhcp_dns is None
    assert link.dhcp_domains is not None


def test_links_merge_by_name() -> None:
    one = read_network("[Match]\nName=eth0\n[Network]\nDNS=192.168.1.1\n", "a.network").content
    two = read_network(
        "[Match]\nName=eth0\n[Network]\nDNS=192.168.1.1 192.168.1.2\nDNSDefaultRoute=no\n", "b.network"
    ).content
    (link,) = merge_links([*one, *two])
    assert [server.source.file for server in link.servers] == ["a.network", "b.network"]
    assert link.default_route is False
