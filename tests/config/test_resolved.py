"""systemd-resolved: files, drop-ins, running state."""

from __future__ import annotations

from analyzer.config.resolved import merge, read, read_status

STATUS = """\
Global
         Protocols: -LLMNR -mDNS -DNSOverTLS DNSSEC=no/unsupported
  resolv.conf mode: uplink
Current DNS Server: 169.254.25.10
       DNS Servers: 169.254.25.10
                    fd00::53
        DNS Domain: default.svc.cluster.local svc.cluster.local

Link 2 (eth0)
    Current Scopes: DNS
         Protocols: +DefaultRoute +LLMNR -mDNS -DNSOverTLS DNSSEC=no/unsupported
Current DNS Server: 192.168.1.1
       DNS Servers: 192.168.1.1
        DNS Domain: example.org

Link 3 (tun0)
    Current Scopes: none
         Protocols: -DefaultRoute +LLMNR
        DNS Domain: ~corp.example
"""


def test_the_kubespray_file() -> None:
    found = read(
        "[Resolve]\nDNS=169.254.25.10\nFallbackDNS=\nDomains=svc.cluster.local ~lan\nCache=no-negative\n", "f"
    ).content
    assert [one.endpoint.address for one in found.servers] == ["169.254.25.10"]
    assert [(one.name, one.route_only) for one in found.domains] == [("svc.cluster.local.", False), ("lan.", True)]
    assert found.cache == "no-negative"
    assert found.stub


def test_drop_ins_add_and_reset() -> None:
    main = read("[Resolve]\nDNS=192.0.2.1\nDomains=a.example\n", "a").content
    more = read("[Resolve]\nDNS=192.0.2.2\nDNSStubListener=no\n", "b").content
    reset = read("[Resolve]\nDNS=\nDNS=192.0.2.3\n", "c").content
    assert [one.endpoint.address for one in merge([main, more]).servers] == ["192.0.2.1", "192.0.2.2"]
    assert not merge([main, more]).stub
    assert [one.endpoint.address for one in merge([main, more, reset]).servers] == ["192.0.2.3"]
    assert [one.name for one in merge([main, more, reset]).domains] == ["a.example."]


def test_unknown_keys_and_addresses() -> None:
    parsed = read("[Resolve]\nDNS=dns.example 192.0.2.1\nDSN=192.0.2.2\n[Network]\nDNS=192.0.2.3\n", "f")
    assert [one.source.line for one in parsed.problems] == [2, 3, 5]
    assert len(parsed.content.servers) == 1


def test_status_text() -> None:
    parsed = read_status(STATUS, "f")
    assert not parsed.problems
    found = parsed.content
    assert [(one.endpoint.address, one.source.line) for one in found.resolved.servers] == [
        ("169.254.25.10", 5),
        ("fd00::53", 6),
    ]
    assert [(one.name, one.default_route) for one in found.links] == [("eth0", True), ("tun0", False)]
    assert [one.endpoint.address for one in found.links[0].servers] == ["192.168.1.1"]
    assert [(one.name, one.route_only) for one in found.links[1].domains] == [("corp.example.", True)]


def test_other_text_is_no_status() -> None:
    assert [one.source.line for one in read_status("hello\n", "f").problems] == [1]


def test_an_unknown_field_ends_the_list_before_it() -> None:
    parsed = read_status("Global\n DNS Servers: 192.0.2.1\n Weather: fine\n 192.0.2.2\n", "f")
    assert [one.endpoint.address for one in parsed.content.resolved.servers] == ["192.0.2.1"]
    assert [one.source.line for one in parsed.problems] == [3, 4]
