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


def test_a_column_that_is_not_there_is_exit_2(dnsloupe: Run, samples: Path) -> None:
    code, out, err = dnsloupe("top", samples / "self-loop.pcap", "--sort", "beauty")
    assert (code, out) == (2, "")
    assert "no column 'beauty'" in err
