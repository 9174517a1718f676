"""The small captures of tests/corpus give the rows that stand beside them, on both decoders, in any pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import Encap, Present
from tests.corpus_cases import CASES, COLUMNS
from tests.decode.runs import Reader, Run
from tests.make_corpus import hex_text, tsv_text

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
FILES = sorted(CORPUS.glob("*.hex"))


def octets(path: Path) -> bytes:
    """A capture written as hex under comment lines."""
    return bytes.fromhex("".join(line for line in path.read_text("ascii").splitlines() if not line.startswith("#")))


def as_text(got: Run) -> list[str]:
    """Rows as the corpus writes them."""
    out = []
    for row in got.rows(*COLUMNS, "present"):
        values = dict(zip((*COLUMNS, "present"), row, strict=True))
        present = values["present"]
        values["transport"] = ("udp", "tcp")[values["transport"]]
        values["anomalies"] = ",".join(Anomaly(values["anomalies"]).words) or "-"
        values["encap"] = Encap(values["encap"]).name.lower() if present & Present.OUTER else "-"
        values["vni"] = values["vni"] if present & Present.VNI else "-"
        if not present & Present.QUESTION:
            values["qname"] = values["qtype"] = "-"
        out.append("\t".join(str(values[c]) for c in COLUMNS))
    return out


@pytest.mark.parametrize("chunk", [0, 1, 7])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows(decoder: Reader, path: Path, chunk: int) -> None:
    got = decoder(octets(path), chunk=chunk)
    ledger, header, *rows = path.with_suffix(".tsv").read_text("ascii").splitlines()
    assert header.split("\t") == COLUMNS
    assert as_text(got) == rows
    assert ", ".join(f"{kind} {count}" for kind, count in sorted(got.kinds.items())) == ledger.removeprefix("# ")


def test_the_files_are_what_the_script_makes() -> None:
    assert {path.stem for path in FILES} >= {case.name for case in CASES}
    for case in CASES:
        assert (CORPUS / f"{case.name}.hex").read_text("ascii") == hex_text(case), case.name
        assert (CORPUS / f"{case.name}.tsv").read_text("ascii") == tsv_text(case), case.name
