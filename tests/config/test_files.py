"""Reading within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.config.files import MAX_BYTES, Jail, text_of, walk
from analyzer.errors import InputError
from tests.config.sites import write


def names(found: object) -> list[str]:
    assert isinstance(found, list)
    return [Path(name).name for name, _ in found]


def test_only_regular_files_of_a_fair_size(tmp_path: Path) -> None:
    write(tmp_path, {"a": "text"})
    assert text_of(tmp_path / "a") == "text"
    (tmp_path / "bytes").write_bytes(b"a\xffb")
    assert text_of(tmp_path / "bytes") == "a\\xffb"
    (tmp_path / "big").write_bytes(b"x" * (MAX_BYTES + 1))
    os.mkfifo(tmp_path / "pipe")
    for name in ("big", "pipe", "absent", "."):
        with pytest.raises(InputError, match=r"larger|regular"):
            text_of(tmp_path / name)


def test_a_walk_does_not_leave_the_directory(tmp_path: Path) -> None:
    write(tmp_path, {"site/b": "", "site/a/c": "", "site/.git/x": "", "secret/d": ""})
    (tmp_path / "site" / "out").symlink_to(tmp_path / "secret" / "d")
    (tmp_path / "site" / "dir").symlink_to(tmp_path / "secret")
    assert [path.name for path in walk(tmp_path / "site")] == ["b", "c"]


def test_includes_stay_inside(tmp_path: Path) -> None:
    write(tmp_path, {"site/Corefile": "", "site/custom/a.conf": "A", "site/custom/b.txt": "", "secret/key": "S"})
    (tmp_path / "site" / "custom" / "z.conf").symlink_to(tmp_path / "secret" / "key")
    opener = Jail([tmp_path / "site"]).opener(tmp_path / "site" / "Corefile")
    assert names(opener("custom/*.conf")) == ["a.conf"]
    for pattern in (
        "../secret/key",
        str(tmp_path / "secret" / "key"),
        f"{tmp_path}/secret/*",
        "/etc/passwd",
        "**/*",
        "a\0b",
    ):
        assert names(opener(pattern)) == [], pattern
    assert names(opener(str(tmp_path / "site" / "custom" / "*.conf"))) == ["a.conf"]


def test_absolute_includes_look_below_the_root_first(tmp_path: Path) -> None:
    write(tmp_path, {"node/etc/dnsmasq.d/x.conf": "", "node/etc/dnsmasq.conf": ""})
    jail = Jail([tmp_path / "node"])
    assert names(jail.opener(tmp_path / "node" / "etc" / "dnsmasq.conf")("/etc/dnsmasq.d/*")) == ["x.conf"]
    assert {path.name for path in jail.taken} == {"x.conf"}
