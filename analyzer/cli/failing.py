"""`--fail-on`: conditions that make a run fail, checked before anything is read as far as words go."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analyzer.cli.exits import say

if TYPE_CHECKING:
    from analyzer.gate import Verdict
    from analyzer.report.model import Report

__all__ = ["FailOn"]


class FailOn:
    """What `--fail-on` was given, all of it together: a comma and a further option both mean "any of"."""

    def __init__(self, texts: Sequence[str], config: bool = False) -> None:
        """Raises UsageError for words that cannot be, whatever the captures hold. `config`: ids of its rules are words too."""
        self._text, self._config = ",".join(texts), config
        if texts:
            from analyzer.gate import parse
            from analyzer.measures.rows import Summary

            numbers = {field.name for field in dataclasses.fields(Summary)} | {"amplification", "wasted_share"}
            parse(self._text, self._words(), numbers=numbers)

    def judge(self, report: Report) -> list[Verdict] | None:
        """What became of each condition, those that are met also said on stderr; None where none was given."""
        if not self._text:
            return None
        from analyzer.gate import parse
        from analyzer.report.json import document

        found = document(report)
        verdicts = [condition.judge(found) for condition in parse(self._text, self._words(), found)]
        for verdict in verdicts:
            if verdict.met:
                say(f"--fail-on {verdict.text}: {verdict.found}")
        return verdicts

    def _words(self) -> set[str]:
        from analyzer.detectors import registry

        if not self._config:
            return set(registry())
        from analyzer.config.rules import registry as rules

        return {*registry(), *(rule.id for rule in rules())}
