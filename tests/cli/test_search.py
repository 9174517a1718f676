"""`dnsloupe search`: what it shows, in each format, and the exit code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
LIST = "kubecamp.svc.cluster.local svc.cluster.local cluster.local default.svc.cluster.local example.org"


def test_text_shows_the_list_of_every_resolver_of_the_lab(dnsloupe: Run, samples: Path) -> None:
    """p1 glibc with six options, p2 musl, p3 c-ares, p4 Go: 72, 48, 48 and 48 lookups, by their own logs."""
    code, out, _ = dnsloupe("search", samples / "resolvers.pcap.gz", "--width", "160")
    assert code == 0
    assert f"search {LIST}" in out
    assert "10.233.64.11, 10.233.64.12, 10.233.64.13, 10.233.64.14, pods of namespace kubecamp" in out
    page = " ".join(out.split())
    assert (
        "216 lookups of 16 names cost 2,592 queries, 2,160 of them wasted; 216 lookups went through the whole" in page
    )


def test_json_has_lists_bill_what_if_and_cross_check(dnsloupe: Run, samples: Path, tmp_path: Path) -> None:
    declared = tmp_path / "resolv.conf"
    declared.write_text(f"search {LIST.rsplit(' ', 1)[0]}\nnameserver 169.254.25.10\noptions ndots:5\n")
    code, out, _ = dnsloupe(
        "search", samples / "resolvers.pcap.gz", "-o", "json", "--what-if", "fqdn", "--resolv-conf", declared
    )
    found = json.loads(out)
    assert (code, found["schema"]) == (0, "dnsloupe/1")
    (one,) = found["search"]["lists"]
    assert one["suffixes"] == LIST.split()
    assert one["ndots"] == {"min": 5, "max": None}
    assert {client["addr"]: client["full_chains"] for client in one["clients"]} == {
        "10.233.64.11": 72,
        "10.233.64.12": 48,
        "10.233.64.13": 48,
        "10.233.64.14": 48,
    }
    assert [rule["rule"] for rule in found["what_if"]] == ["fqdn"]
    assert found["what_if"][0]["legs"][0]["high"] == 2688 - one["wasted"]
    assert {check["verdict"] for check in found["cross_check"]} == {"extra-in-traffic"}


def test_csv_is_the_bill(dnsloupe: Run, samples: Path) -> None:
    code, out, _ = dnsloupe("search", samples / "resolvers.pcap.gz", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [(row["queries"], row["wasted"]) for row in rows if row["kind"] == "all"] == [("2688", "2160")]


@pytest.mark.parametrize("words", [["--what-if", "nonsense"], ["--resolv-conf", "/no/such/file"]])
def test_what_cannot_be_used_ends_with_2(dnsloupe: Run, samples: Path, words: list[str]) -> None:
    code, out, err = dnsloupe("search", samples / "vxlan-inner.pcap", *words)
    assert (code, out) == (2, "")
    assert err.startswith("dnsloupe: ")
    assert len(err.splitlines()) == 1


def test_a_declaration_can_name_its_client(dnsloupe: Run, samples: Path, tmp_path: Path) -> None:
    declared = tmp_path / "resolv.conf"
    declared.write_text("search kubecamp.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n")
    _, out, _ = dnsloupe(
        "search", samples / "vxlan-inner.pcap", "-o", "json", "--resolv-conf", f"10.233.64.12={declared}"
    )
    (check,) = json.loads(out)["cross_check"]
    assert (check["client"], check["verdict"], check["ndots"]) == ("10.233.64.12", "match", "fits")
