"""dnsmasq.conf: routes, ends, DHCP, includes."""

from __future__ import annotations

from analyzer.config.dnsmasq import Local, Server, read

GATEWAY = """\
domain-needed
bogus-priv
no-resolv
server=1.1.1.1
server=/cluster.local/10.233.0.3#5353
server=/up.example.org/#
local=/example.org/
address=/ads.example/0.0.0.0
rev-server=10.233.0.0/16,10.233.0.3
listen-address=192.168.1.1,127.0.0.1
dhcp-option=option:dns-server,192.168.1.1
dhcp-option=tag:k8s,15
dhcp-option=119,example.org,lan
domain=example.org
neg-ttl=60   # seconds
dns-loop-detect
filter-AAAA
cache-size=10000
"""


def targets(found: object) -> list[tuple[str, int]]:
    assert isinstance(found, list)
    return [(one.to.endpoint.address, one.to.endpoint.port) for one in found if isinstance(one, Server) and one.to]


def test_routes() -> None:
    rules = read(GATEWAY, "f").content
    assert targets(rules.route("example.net.")) == [("1.1.1.1", 53)]
    assert targets(rules.route("a.cluster.local.")) == [("10.233.0.3", 5353)]
    assert targets(rules.route("x.up.example.org.")) == [("1.1.1.1", 53)]
    assert targets(rules.route("1.0.233.10.in-addr.arpa.")) == [("10.233.0.3", 53)]


def test_ends() -> None:
    rules = read(GATEWAY, "f").content
    kinds = {
        name: end.key
        for name in ("a.example.org.", "x.ads.example.", "1.1.168.192.in-addr.arpa.", "1.0.0.10.in-addr.arpa.")
        if isinstance(end := rules.route(name), Local)
    }
    assert list(kinds.values()) == ["local", "address", "bogus-priv", "bogus-priv"]


def test_settings_with_their_lines() -> None:
    parsed = read(GATEWAY, "f")
    rules = parsed.content
    assert not parsed.problems
    assert rules.listen == ["192.168.1.1", "127.0.0.1"]
    assert {name: source.line for name, source in rules.flags.items()}["dns-loop-detect"] == 16
    assert rules.dhcp[6] == (("192.168.1.1",), rules.dhcp[6][1])
    assert 15 not in rules.dhcp, "an option for tagged clients is not everybody's"
    assert rules.dhcp[119][0] == ("example.org", "lan")
    assert rules.domain is not None
    assert (rules.domain[0], rules.neg_ttl) == ("example.org.", 60)


def test_bad_lines() -> None:
    parsed = read("server=dns.example\nfnord\naddress=x\nlisten-address=eth0\nneg-ttl=soon\n", "f")
    assert [one.source.line for one in parsed.problems] == [1, 2, 3, 4, 5]


def test_includes_and_their_endings() -> None:
    files = {
        "/etc/dnsmasq.d/*": [
            ("/etc/dnsmasq.d/a.conf", "server=192.0.2.1\n"),
            ("/etc/dnsmasq.d/b.bak", "server=192.0.2.2\n"),
        ],
        "/etc/extra.conf": [("/etc/extra.conf", "conf-file=/etc/extra.conf\nno-resolv\n")],
    }
    parsed = read(
        "conf-dir=/etc/dnsmasq.d,.bak\nconf-file=/etc/extra.conf\nconf-dir=/none\n",
        "f",
        lambda name: files.get(name, ()),
    )
    assert targets(parsed.content.route("a.")) == [("192.0.2.1", 53)]
    assert parsed.content.flags["no-resolv"].place == "/etc/extra.conf:2"
    assert [one.source.line for one in parsed.problems] == [3]
    only_conf = read("conf-dir=/etc/dnsmasq.d/,*.conf\n", "f", lambda name: files.get(name, ()))
    assert targets(only_conf.content.route("a.")) == [("192.0.2.1", 53)]
