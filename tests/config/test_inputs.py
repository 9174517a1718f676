"""Arguments, roles, directories; no input may break it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.config import (
    corefile,
    diagnose,
    dnsmasq,
    kubelet,
    kubespray,
    manifests,
    netplan,
    resolvconf,
    resolved,
)
from analyzer.config.inputs import gather
from analyzer.errors import InputError, UsageError
from tests.config.sites import CLUSTER, DATA, NODELOCAL, write


def test_a_role_wins_over_the_name(tmp_path: Path) -> None:
    write(tmp_path, {"resolv.conf": "nameserver 192.0.2.1\n", "gw.txt": "no-resolv\n"})
    found = gather([f"nodelocaldns@node1={tmp_path / 'resolv.conf'}", f"dnsmasq@192.168.1.1={tmp_path / 'gw.txt'}"])
    assert [(one.role, one.host) for one in found.entries] == [("nodelocaldns", "node1"), ("dnsmasq", "192.168.1.1")]


def test_an_existing_path_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"node=resolv.conf": "nameserver 192.0.2.1\n"})
    monkeypatch.chdir(tmp_path)
    assert [one.name for one in gather(["node=resolv.conf"]).entries] == ["node=resolv.conf"]


def test_unknown_roles_and_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown role 'pad'"):
        gather(["pad=/x"])
    write(tmp_path, {"photo.jpg": "JFIF"})
    with pytest.raises(InputError, match="not a DNS configuration"):
        gather([str(tmp_path / "photo.jpg")])


def test_one_unreadable_file_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path, {"resolv.conf": "nameserver 192.0.2.1\n"})
    found = gather([str(tmp_path / "resolv.conf"), str(tmp_path / "absent")])
    assert len(found.entries) == 1
    assert len(found.unreadable) == 1


def test_a_directory_names_hosts_and_passes_over_the_rest(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "node1/etc/resolv.conf": "nameserver 192.0.2.1\n",
            "gw/etc/dnsmasq.conf": "conf-dir=/etc/dnsmasq.d\n",
            "gw/etc/dnsmasq.d/a.conf": "server=1.1.1.1\n",
            "README.md": "# hello\n",
        },
    )
    found = gather([str(tmp_path)])
    assert sorted((one.role, one.host) for one in found.entries) == [("dnsmasq", "gw"), ("node", "node1")]
    assert len(found.passed_over) == 1, "what an include has read is not read twice"


def test_config_maps_hold_corefiles_with_the_manifests_line_numbers(tmp_path: Path) -> None:
    indented = "".join(f"    {line}\n" for line in CLUSTER.splitlines())
    text = f"kind: ConfigMap\nmetadata:\n  name: coredns\ndata:\n  Corefile: |\n{indented}  more.override: |\n    log\n"
    write(tmp_path, {"cm.yaml": text})
    (block,) = diagnose([str(tmp_path / "cm.yaml")]).graph.site.corefiles[0].content.blocks
    lines = text.splitlines()
    assert lines[block.forwards[0].source.line - 1].strip() == block.forwards[0].source.text == "forward . UPSTREAM {"


_READERS = (
    corefile.read, dnsmasq.read, kubelet.read, kubespray.read, manifests.read, netplan.read, netplan.read_network,
    resolvconf.read, resolved.read, resolved.read_status,
)  # fmt: skip
_WORDS = st.sampled_from(
    'nameserver search options ndots:5 . { } forward bind import (s) s cache denial 9984 5 loop "x " { [Resolve] [Network] DNS='
    " Domains=~. : - network: ethernets: nameservers: addresses: [ ] kind: ConfigMap List items: data: Corefile: | 10.0.0.0/8"
    " 192.0.2.1 ::1 server=/a/ address=/#/ local=// rev-server=0/0,1 dhcp-option= Global Link \\ # \t \0 é 99999999999999999999"
    .split(" ")
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=200), st.lists(st.one_of(_WORDS, st.just("\n"), st.just("\n  ")), max_size=40).map(" ".join)
    )
)
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in _READERS:
        parsed = read(text, "f")
        assert all(problem.source.line >= 0 for problem in parsed.problems)


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_breaks_the_diagnosis(tmp_path: Path, data: st.DataObject) -> None:
    files = {
        path.relative_to(DATA / "incident").as_posix(): path.read_text()
        for path in sorted((DATA / "incident").rglob("*"))
        if path.is_file()
    } | {"Corefile.nodelocal": NODELOCAL}
    name = data.draw(st.sampled_from(sorted(files)))
    start = data.draw(st.integers(0, len(files[name])))
    end = data.draw(st.integers(start, min(len(files[name]), start + 60)))
    files[name] = files[name][:start] + data.draw(st.text(max_size=8)) + files[name][end:]
    write(tmp_path, {other: text.encode("utf-8", "replace").decode() for other, text in files.items()})
    diagnosis = diagnose([str(tmp_path)])
    assert len(diagnosis.read) >= 4


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 60_000 + "x",
        "search " + "a.svc." * 20_000 + "\noptions ndots:5\n",
        "options ndots:" + "9" * 10_000,
        "nameserver 1.1.1.1#" + "9" * 10_000,
        '"' * 20_000,
        "a {" * 8_000,
        "Global\n" + "A " * 20_000,
        "kind: x\n" + "- " * 20_000,
        "address=/" + "/".join(f"a{number}.example" for number in range(8_000)) + "/0.0.0.0",
        ". {\n  forward . " + "192.0.2.1 " * 8_000 + "\n}",
        "import a\n" * 8_000,
    ],
    ids=lambda text: repr(text.strip()[:12]),
)
def test_large_and_odd_texts_take_no_time(tmp_path: Path, text: str) -> None:
    """Each of these is quadratic, or worse, for a careless pattern; the bound is loose on purpose."""
    start = time.process_time()
    for name in (
        "resolv.conf",
        "Corefile",
        "dnsmasq.conf",
        "resolved.conf",
        "resolvectl.txt",
        "a.network",
        "any",
        "any.yaml",
    ):
        (tmp_path / name).write_text(text)
    diagnose([str(tmp_path)])
    assert time.process_time() - start < 5
