"""The shared options: what they mean, and one line for what means nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli.inputs import request, with_top
from analyzer.errors import InputError, UsageError
from analyzer.options import AnalyzeOptions, Select

NOTHING: dict[str, Any] = {
    "files": ("a.pcap",),
    "read": (),
    "bpf": "",
    "ports": (),
    "hosts_files": (),
    "snapshots": (),
    "cluster_domain": "",
    "forwarders": (),
    "decoder": "auto",
    "no_dedupe": False,
    "strict": False,
    "names": (),
    "qtypes": (),
    "rcodes": (),
    "clients": (),
    "servers": (),
    "only": None,
    "since": None,
    "until": None,
}


def options(**given: Any) -> AnalyzeOptions:
    return request(**{**NOTHING, **given}).options


def test_without_options_all_defaults_hold() -> None:
    assert options() == AnalyzeOptions()
    assert not options().select


def test_files_and_r_are_one_list() -> None:
    assert request(**{**NOTHING, "read": ("b.pcap", "-")}).paths == ("a.pcap", "b.pcap", "-")


def test_codes_networks_and_forwarders() -> None:
    found = options(
        qtypes=("a,AAAA", "TYPE65"),
        rcodes=("3",),
        clients=("10.1.2.3/8",),
        forwarders=("nl=169.254.25.10,::1",),
        ports=(53, 5353),
    )
    assert found.select.qtypes == {1, 28, 65}
    assert found.select.rcodes == {3}
    assert found.select.clients == ("10.0.0.0/8",)
    assert found.forwarders == {"nl": ("169.254.25.10", "::1")}
    assert found.ports == {53, 5353}


@pytest.mark.parametrize(
    ("text", "ns", "relative"),
    [
        ("+30s", 30_000_000_000, True),
        ("+1h2m3.5s", 3_723_500_000_000, True),
        ("+0.000000001", 1, True),
        ("+2", 2_000_000_000, True),
        ("+250ms", 250_000_000, True),
        ("+1m1s", 61_000_000_000, True),
        ("1795367858", 1_795_367_858_000_000_000, False),
        ("1795367858.607028001", 1_795_367_858_607_028_001, False),
        ("2026-11-22T17:17:38.607028001Z", 1_795_367_858_607_028_001, False),
        ("2026-11-22T18:17:38+01:00", 1_795_367_858_000_000_000, False),
        ("2026-11-22 17:17:38", 1_795_367_858_000_000_000, False),
        ("2026-11-22", 1_795_305_600_000_000_000, False),
    ],
)
def test_times(text: str, ns: int, relative: bool) -> None:
    found = options(since=text).select
    assert (found.since, "since" in found.relative) == (ns, relative)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"since": "yesterday"}, "--since: 'yesterday' is no time"),
        ({"until": "+"}, "--until: '\\+' is no time"),
        ({"since": "2026-13-01"}, "is no time"),
        ({"qtypes": ("AAAAA",)}, "--qtype: unknown type 'AAAAA'"),
        ({"rcodes": ("99999",)}, "--rcode: unknown rcode"),
        ({"clients": ("node1",)}, "--client: 'node1' is no address and no network"),
        ({"forwarders": ("x",)}, "--forwarder: 'x' is not NAME=IP,IP"),
        ({"files": ()}, "no capture given"),
        ({"files": ("-", "-")}, "only once"),
    ],
)
def test_what_means_nothing_is_said(given: dict[str, Any], error: str) -> None:
    with pytest.raises(UsageError, match=error):
        options(**given)


def test_labels_come_from_snapshots_then_from_hosts_files_the_first_name_first(tmp_path: Path) -> None:
    hosts, snapshot = tmp_path / "hosts", tmp_path / "k8s.json"
    hosts.write_text("192.168.1.1 router gw\nFD00:0::1 six\n10.0.0.3 dns\n")
    service = (
        '{"kind": "Service", "metadata": {"name": "kube-dns", "namespace": "ks"}, "spec": {"clusterIP": "10.0.0.3"}}'
    )
    snapshot.write_text(service)
    assert options(hosts_files=(str(hosts),), snapshots=(str(snapshot),)).labels == {
        "192.168.1.1": ((None, "router"),),
        "fd00::1": ((None, "six"),),
        "10.0.0.3": ((None, "svc ks/kube-dns"),),
    }


def test_hosts_files_are_read_and_joined(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("192.168.1.23 node1\n")
    other.write_text("fe80::23 Node1\n")
    assert options(hosts_files=(str(one), str(other))).hosts == {"node1": ("192.168.1.23", "fe80::23")}
    with pytest.raises(InputError, match="no such file"):
        options(hosts_files=(str(tmp_path / "none"),))


def test_a_cluster_snapshot_gives_host_names_too(tmp_path: Path) -> None:
    path = tmp_path / "k8s.json"
    node = {
        "kind": "Node",
        "metadata": {"name": "node7"},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.168.1.77"}]},
    }
    path.write_text(json.dumps({"kind": "List", "items": [node]}))
    assert options(snapshots=(str(path),)).hosts["node7"] == ("192.168.1.77",)
    path.write_text("{")
    with pytest.raises(InputError):
        options(snapshots=(str(path),))


def test_top_zero_is_all() -> None:
    asked = request(**NOTHING)
    assert with_top(asked, 5).options.top == 5
    assert with_top(asked, 0).options.top > 10**9
    assert Select() == asked.options.select
