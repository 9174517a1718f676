"""Addresses found in words, and named where they are known."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable

import pytest

from analyzer.report import json as json_face
from analyzer.report.labels import addresses, labelled
from analyzer.report.look import Look
from analyzer.report.model import Report
from analyzer.report.text import render

KNOWN = {"10.1.2.3": "kube-system/coredns-1", "fd00::1": "node n1", "::1": "localhost"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.1.2.3 zone .", ["10.1.2.3"]),
        ("10.1.2.3>10.1.2.4", ["10.1.2.3", "10.1.2.4"]),
        ("fd00::1 > ::1", ["fd00::1", "::1"]),
        ("www.10.1.2.3.example.org", []),
        ("3.2.1.10.in-addr.arpa", []),
        ("cluster.local", []),
        ("110.1.2.34", ["110.1.2.34"]),
    ],
)
def test_what_is_an_address(text: str, found: list[str]) -> None:
    assert addresses(text) == found


def test_known_ones_get_their_label_and_no_others() -> None:
    assert labelled("10.1.2.3>10.1.2.4", KNOWN) == "10.1.2.3 (kube-system/coredns-1)>10.1.2.4"
    assert labelled("fd00::1 > ::1", KNOWN) == "fd00::1 (node n1) > ::1 (localhost)"
    assert labelled("110.1.2.3", KNOWN) == "110.1.2.3"


def test_a_report_names_what_it_can(report_of: Callable[[str], Report]) -> None:
    labels = {"10.233.64.11": "kubecamp/user1", "192.168.1.23": "node \x1b[31mn1", "203.0.113.9": "nobody here"}
    report = dataclasses.replace(report_of("nodelocaldns-incident.pcap"), labels=labels)
    found = json.loads(json_face.render(report))
    assert found["labels"] == {at: labels[at] for at in ("10.233.64.11", "192.168.1.23")}
    client = next(row for row in found["clients"] if row["addr"] == "10.233.64.11")
    assert client["label"] == "kubecamp/user1"
    assert {row["label"] for row in found["servers"]} >= {""}
    out = io.StringIO()
    render(report, Look(width=160), out)
    assert "10.233.64.11 (kubecamp/user1)" in out.getvalue()
    assert "leg 192.168.1.23 (node \\027[31mn1)>192.168.1.1" in out.getvalue()
