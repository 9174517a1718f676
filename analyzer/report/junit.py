"""The Report as JUnit XML, for the page of tests that a CI system shows.

With conditions of `--fail-on`, each is a test case, failed where it is met. Without, each finding is one, failed from severity
`low` on, and each detector that found nothing is a passed one, so that a healthy capture shows what was checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

from analyzer.findings import Finding, Severity
from analyzer.gate import Verdict
from analyzer.report.escape import terminal
from analyzer.report.labels import labelled
from analyzer.report.model import Report
from analyzer.report.times import rfc3339

__all__ = ["render"]

CHAIN: Final = 20  # steps of the example


def render(report: Report, verdicts: Sequence[Verdict] | None = None) -> str:
    """The document, one suite; `verdicts` are what became of `--fail-on`, None where it was not given."""
    cases = _findings(report) if verdicts is None else [_condition(verdict, report) for verdict in verdicts]
    failed = sum(case.find("failure") is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0"}
    suites = _element("testsuites", counts)
    suite = _element("testsuite", {"name": "dnsloupe", **counts, "skipped": "0"})
    if report.summary.last is not None:
        suite.set("timestamp", rfc3339(report.summary.last)[:19])
    properties = _element("properties", {})
    properties.extend(_element("property", {"name": "capture", "value": one.name}) for one in report.inputs)
    properties.extend(_element("property", {"name": "partial", "value": line}) for line in report.damage)
    suite.extend([properties, *cases])
    suites.append(suite)
    ET.indent(suites, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _element(tag: str, attributes: Mapping[str, str], text: str = "") -> ET.Element:
    """An element of harmless characters; ElementTree itself writes `&lt;` and its like, so they are not written twice."""
    made = ET.Element(tag, {name: terminal(value) for name, value in attributes.items()})
    if text:
        made.text = "\n".join(terminal(line) for line in text.splitlines())
    return made


def _condition(verdict: Verdict, report: Report) -> ET.Element:
    case = _element("testcase", {"classname": "dnsloupe.fail-on", "name": verdict.text, "time": "0"})
    behind = [finding for finding in report.findings if finding.key in verdict.keys]
    if verdict.met:
        text = "\n\n".join([verdict.found, *(_proof(finding, report) for finding in behind)])
        case.append(_element("failure", {"message": verdict.found, "type": verdict.text}, text))
    else:
        case.append(_element("system-out", {}, verdict.found))
    return case


def _findings(report: Report) -> list[ET.Element]:
    cases = []
    for finding in report.findings:
        named = {"classname": f"dnsloupe.{finding.id}", "name": finding.title, "time": "0"}
        case, proof = _element("testcase", named), _proof(finding, report)
        if finding.severity > Severity.INFO:
            case.append(_element("failure", {"message": finding.title, "type": finding.severity.word}, proof))
        else:
            case.append(_element("system-out", {}, proof))
        cases.append(case)
    found = {finding.id for finding in report.findings}
    quiet = [ident for ident in report.checked if ident not in found]
    named_quiet = [{"classname": f"dnsloupe.{ident}", "name": ident, "time": "0"} for ident in quiet]
    return cases + [_element("testcase", attributes) for attributes in named_quiet]


def _proof(finding: Finding, report: Report) -> str:
    """Title, subject, frames, every fix."""
    lines = [
        f"{finding.severity.word}: {finding.title}",
        f"{finding.id}, {finding.subject.kind} {labelled(finding.subject.value, report.labels)}, {finding.count} times",
    ]
    if finding.first is not None and finding.first_frame is not None:
        lines.append(f"since {rfc3339(finding.first)}, frame {_frame(finding.first_frame)}")
    lines += [f"  #{_frame(step.frame)} {rfc3339(step.time_ns)} {step.text}" for step in finding.chain[:CHAIN]]
    if len(finding.chain) > CHAIN:
        lines.append(f"  and {len(finding.chain) - CHAIN} more steps")
    for fix in finding.fix:
        lines += [f"fix: {fix.where}", *(f"    {line}" for line in fix.text.splitlines())]
    return "\n".join(lines)


def _frame(frame: Any) -> str:
    return f"{frame.file}:{frame.frame}" if frame.file else str(frame.frame)
