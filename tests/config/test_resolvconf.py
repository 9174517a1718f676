"""resolv.conf as glibc reads it."""

from __future__ import annotations

from analyzer.config.resolvconf import read

POD = """\
search kubecamp.svc.cluster.local svc.cluster.local cluster.local default.svc.cluster.local example.org
nameserver 169.254.25.10
options ndots:5
"""


def test_the_incidents_pod() -> None:
    found = read(POD, "resolv.conf").content
    assert [(one.endpoint.address, one.source.line) for one in found.nameservers] == [("169.254.25.10", 2)]
    assert found.search[0] == "kubecamp.svc.cluster.local."
    assert len(found.search) == 5
    assert found.ndots == 5


def test_the_last_search_wins_and_options_add_up() -> None:
    found = read("domain a.example\nsearch b.example c.example\noptions edns0\noptions ndots:2 rotate\n", "f").content
    assert found.search == ("b.example.", "c.example.")
    assert found.options == ("edns0", "ndots:2", "rotate")
    assert found.ndots == 2


def test_ndots_is_capped_and_defaults_to_one() -> None:
    assert read("options ndots:99\n", "f").content.ndots == 15
    assert read("options ndots:x\n", "f").content.ndots == 1
    assert read("", "f").content.ndots == 1


def test_what_is_not_understood_has_its_line() -> None:
    parsed = read("nameserver dns.example\nnamserver 1.1.1.1\noptions ndost:5\nnameserver\n; comment\n", "f")
    assert [(one.source.line, one.error) for one in parsed.problems] == [(1, True), (2, False), (3, False), (4, True)]
    assert parsed.content.nameservers == ()


def test_resolved_marks_its_files() -> None:
    head = "# This is /run/systemd/resolve/stub-resolv.conf managed by man:systemd-resolved(8).\n# connected to the stub resolver\n"
    assert read(head + "nameserver 127.0.0.53\n", "f").content.by_resolved == "stub"
    assert read("# managed by man:systemd-resolved(8)\nnameserver 192.168.1.1\n", "f").content.by_resolved == "uplink"
