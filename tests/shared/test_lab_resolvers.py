"""Who each of the lab's clients is, from its truth files, against the resolvers that we name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from analyzer.findings import Confidence
from analyzer.measures.fingerprints import Fingerprint
from analyzer.measures.probes import Measure as Probes
from analyzer.measures.resolvers import Measure
from analyzer.measures.roles import Measure as Roles
from tests.shared.test_lab_measures import read

PODS = {"10.233.64.11": "glibc", "10.233.64.12": "musl", "10.233.64.13": "c-ares", "10.233.64.14": "Go"}
STORM = {**PODS, "10.233.64.13": "ingress-nginx lua", "10.233.64.14": "nginx"}
NODE = dict.fromkeys(("192.168.1.23", "169.254.25.10", "10.233.0.23", "10.233.64.0"), "CoreDNS")
DNSMASQ = {"192.168.1.1": "dnsmasq", "192.168.1.26": "dnsmasq", "203.0.113.1": "dnsmasq"}
TUNNEL = {"10.233.64.12": "glibc"}
TRUTH = {
    "s01": PODS | NODE | DNSMASQ,
    "s02_": STORM | NODE,
    "s02d": PODS | NODE,
    "s03": PODS | NODE | {"127.0.0.1": "CoreDNS"},
    "s03f": DNSMASQ | {"192.168.1.23": "dnsmasq"},
    "s03g": {"127.0.0.1": "CoreDNS", "192.168.1.23": "systemd-resolved", "10.233.0.23": "CoreDNS"}
    | {"169.254.25.10": "CoreDNS"},  # its probes; resolved asks from there too
    "s04": PODS | NODE | DNSMASQ,
    "s05": PODS | NODE | DNSMASQ,
    "s06": NODE | DNSMASQ,
    "s07": STORM | NODE | {"192.168.1.26": "CoreDNS"},
    "s08": PODS | NODE | DNSMASQ,
    "s09": NODE | TUNNEL,
    "s10": PODS | NODE,
}
NAMED = {  # what must be named, with this confidence at least
    "s01_healthy_node1_any.pcap": {**PODS, "192.168.1.23": "CoreDNS"},
    "s01_healthy_node1_lan.pcap": {"192.168.1.23": "CoreDNS"},
    "s02_storm_node1_any_sll2_nano.pcap": {**STORM, "192.168.1.23": "CoreDNS"},
    "s02_storm_node1_multi.pcapng": {**STORM, "192.168.1.23": "CoreDNS"},
    "s02d_resolvers_cni0.pcap": PODS,
    "s03b_halfloop_node1_any.pcap": {"10.233.64.11": "glibc", "169.254.25.10": "CoreDNS", "192.168.1.23": "CoreDNS"},
    "s03g_loop_resolved_any.pcap": {"192.168.1.23": "systemd-resolved"},
    "s04a_twohop_coredns_dnsmasq_lan.pcap": {"192.168.1.1": "dnsmasq"},
    "s05a_gw_down_gw_lan.pcapng": {"192.168.1.23": "CoreDNS", "192.168.1.26": "dnsmasq"},
    "s05a_gw_down_node1_any.pcap": {k: v for k, v in PODS.items() if v != "c-ares"},
    "s07_fix_node1_any.pcap": {"10.233.64.13": "ingress-nginx lua", "192.168.1.23": "CoreDNS"},
    "s09_ipip_inner.pcap": TUNNEL,
}


def named(path: Path) -> Mapping[str, Fingerprint]:
    context, batches = read(path)
    roles, resolvers, probes = Roles(context), Measure(context), Probes(context)
    for batch in batches:
        roles.update(batch)
        probes.update(batch)
        resolvers.update(batch)
    return resolvers.result({"roles": roles.result({}), "probes": probes.result({})})


def captures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".pcap", ".pcapng"))


def truth(name: str) -> dict[str, str]:
    return TRUTH[max((key for key in TRUTH if name.startswith(key)), key=len)]


def test_no_resolver_is_named_wrongly(shared: Path) -> None:
    found = 0
    for path in captures(shared / "lab" / "captures"):
        for client, said in named(path).items():
            who = truth(path.name).get(client, "?")
            assert who in said.name.split(" or "), (path.name, client, said)
            assert " or " not in said.name or said.confidence == Confidence.LOW
            found += 1
    assert found > 60


@pytest.mark.parametrize("capture", NAMED)
def test_who_shows_itself_is_named(shared: Path, capture: str) -> None:
    said = named(shared / "lab" / "captures" / capture)
    sure = {client: seen.name for client, seen in said.items() if seen.confidence >= Confidence.MEDIUM}
    assert {client: sure.get(client) for client in NAMED[capture]} == NAMED[capture]


def test_fully_qualified_names_do_not_tell_cares_from_glibc(shared: Path) -> None:
    said = named(shared / "lab" / "captures" / "s05a_gw_down_node1_any.pcap")["10.233.64.13"]
    assert (said.name, said.confidence) == ("glibc or c-ares", Confidence.LOW)
