"""Makes tests/corpus/: small captures of what public ones lack, each with the rows that it must give.

    python -m tests.make_corpus            write every NAME.hex, NAME.tsv and the table in README.md
    python -m tests.make_corpus --check    hold the rows against tshark, where tshark can read the capture

The expected rows are written here by hand, from the packets' construction; no decoder of ours is asked.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.corpus_cases import CASES, COLUMNS, Case

FOLDER = Path(__file__).resolve().parent / "corpus"
TSHARK = (
    "tshark -n -o tcp.reassemble_out_of_order:TRUE -d udp.port==53,dns -d tcp.port==53,dns -T fields -E occurrence=a"
)
FIELDS = "-e frame.number -e dns.id"


def hex_text(case: Case) -> str:
    """One comment line, then 32 octets a line."""
    lines = [case.data[at : at + 32].hex() for at in range(0, len(case.data), 32)]
    return "\n".join([f"# {case.comment}", *lines, ""])


def tsv_text(case: Case) -> str:
    """The ledger in a comment, a header, the rows."""
    ledger = ", ".join(f"{kind} {count}" for kind, count in sorted(case.ledger.items()))
    return "\n".join([f"# {ledger}", "\t".join(COLUMNS), *("\t".join(row) for row in case.rows), ""])


def readme() -> str:
    head = (FOLDER / "README.md").read_text(encoding="utf-8").partition("| capture |")[0]
    table = ["| capture | what it holds | tshark |", "|---|---|---|"]
    table += [f"| `{case.name}` | {case.comment} | {case.tshark or 'agrees'} |" for case in CASES]
    return head + "\n".join([*table, ""])


def seen_by_tshark(case: Case) -> list[tuple[str, str]]:
    """(frame, id) of every DNS message that tshark finds."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(case.data)
        file.flush()
        done = subprocess.run(
            [*TSHARK.split(), "-r", file.name, *FIELDS.split()], capture_output=True, text=True, check=False
        )
    out = []
    for line in done.stdout.splitlines():
        frame, _, idents = line.partition("\t")
        out += [(frame, str(int(ident, 16))) for ident in idents.split(",") if ident]
    return sorted(out)


def check() -> int:
    """Print where tshark sees other messages than the rows say, and no reason is given."""
    bad = 0
    for case in CASES:
        ours = sorted((row[COLUMNS.index("frame")], row[COLUMNS.index("msg_id")]) for row in case.rows)
        theirs = seen_by_tshark(case)
        if (ours == theirs) != (not case.tshark):
            bad += 1
            sys.stdout.write(f"{case.name}: rows {ours}, tshark {theirs}, said: {case.tshark or 'agrees'}" + "\n")
    sys.stdout.write(f"{len(CASES)} captures, {bad} to look at" + "\n")
    return 1 if bad else 0


def main() -> int:
    if "--check" in sys.argv:
        return check()
    for case in CASES:
        (FOLDER / f"{case.name}.hex").write_text(hex_text(case), encoding="ascii")
        (FOLDER / f"{case.name}.tsv").write_text(tsv_text(case), encoding="ascii")
    (FOLDER / "README.md").write_text(readme(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
