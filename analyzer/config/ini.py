"""systemd's configuration syntax (systemd.syntax(7)): sections, `Key=value`, continued lines, drop-in order."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.config.parsed import MAX_LINES, Problem
from analyzer.findings import SourceLine

__all__ = ["Entry", "entries"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One assignment; `section` is numbered by its order in the file, as a .network file may repeat a section."""

    section: str
    number: int
    key: str
    value: str
    source: SourceLine


def entries(text: str, origin: str) -> tuple[list[Entry], list[Problem]]:
    """All assignments in order, and the lines that are neither a section, an assignment nor a comment."""
    found: list[Entry] = []
    problems: list[Problem] = []
    section, number = "", 0
    pending, start = "", 0
    for position, raw in enumerate(text.splitlines()[:MAX_LINES], 1):
        stripped = raw.strip().lstrip("\ufeff")
        if not stripped or stripped[0] in "#;":
            continue
        if stripped.endswith("\\"):
            pending, start = f"{pending}{stripped[:-1]} ", start or position
            continue
        whole, line = pending + stripped, start or position
        pending, start = "", 0
        source = SourceLine(origin, line, whole[:300])
        if whole.startswith("[") and whole.endswith("]"):
            section, number = whole[1:-1].strip(), number + 1
        elif "=" in whole and section:
            key, _, value = whole.partition("=")
            found.append(Entry(section, number, key.strip(), value.strip(), source))
        else:
            problems.append(Problem(source, "neither a section nor Key=value" if section else "outside any section"))
    return found, problems
