"""`dnsloupe top`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]


def test_json_rows_and_their_number(dnsloupe: Run, samples: Path) -> None:
    code, out, err = dnsloupe("top", samples / "self-loop.pcap", "--by", "client", "-o", "json", "--top", "1")
    assert (code, err) == (0, "")
    (row,) = json.loads(out)
    assert row["addr"]


def test_text_csv_and_tree(dnsloupe: Run, samples: Path) -> None:
    for words in ("--by client,base", "--by rcode -o csv", "--tree --depth 2"):
        code, out, err = dnsloupe("top", samples / "healthy.pcap.gz", *words.split())
        assert (code, err) == (0, "")
        assert len(out.splitlines()) >= 2


def test_the_tree_in_every_format(dnsloupe: Run, samples: Path) -> None:
    tree = ("top", samples / "healthy.pcap.gz", "--tree", "--depth", "1", "--side", "upstream")
    code, out, _ = dnsloupe(*tree, "-o", "json")
    root = json.loads(out)
    assert (code, root["label"], {child["depth"] for child in root["children"]}) == (0, ".", {1})
    code, out, _ = dnsloupe(*tree, "-o", "csv")
    assert (code, len(out.splitlines())) == (0, 2 + len(root["children"]))


def test_depth_groups_suffixes_by_labels(dnsloupe: Run, samples: Path) -> None:
    code, out, _ = dnsloupe("top", samples / "healthy.pcap.gz", "--by", "suffix", "--depth", "1", "-o", "json")
    rows = json.loads(out)
    assert (code, {row["grouped_by"] for row in rows}) == (0, {"depth"})
    assert {row["suffix"].count(".") for row in rows} == {0}


def test_a_column_that_is_not_there_is_exit_2(dnsloupe: Run, samples: Path) -> None:
    code, out, err = dnsloupe("top", samples / "self-loop.pcap", "--sort", "beauty")
    assert (code, out) == (2, "")
    assert "no column 'beauty'" in err
