"""What all tests share: what a test needs, where the samples are, and a list of what was skipped and why."""

from __future__ import annotations

import collections
import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = os.environ.get("CI", "").lower() in {"1", "true"} or os.environ.get("DNSLOUPE_REQUIRE_NATIVE") == "1"

# The same examples in every run, so that a red run says something about the change; DNSLOUPE_EXPLORE=1 looks for new ones.
# No deadline: what runs on a busy machine is slow, not wrong.
settings.register_profile("dnsloupe", derandomize=not os.environ.get("DNSLOUPE_EXPLORE"), deadline=None)
settings.load_profile("dnsloupe")


def has_native() -> bool:
    """Whether the native decoder is installed; asking does not load it."""
    try:
        return importlib.util.find_spec("analyzer.decode._native") is not None
    except ModuleNotFoundError:
        return False


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot run here. Where the native decoder is required its tests run, and fail, without it."""
    for marker in item.iter_markers("program"):
        for name in marker.args:
            if shutil.which(name) is None:
                pytest.skip(f"no {name} on the PATH")
    if item.get_closest_marker("native") and not (REQUIRED or has_native()):
        pytest.skip("the native decoder is not built")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Append why tests were skipped to the file that DNSLOUPE_SKIPPED names; `make test` prints it last."""
    target = os.environ.get("DNSLOUPE_SKIPPED")
    reasons: collections.Counter[str] = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[text.removeprefix("Skipped: ")] += 1
    if target and reasons:
        with Path(target).open("a", encoding="utf-8") as out:
            out.writelines(f"pytest: {reason} ({count} tests)\n" for reason, count in sorted(reasons.items()))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the sample captures."""
    return ROOT / "samples"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Third-party captures and the lab, where a checkout has them beside it; else the test is skipped."""
    path = Path(os.environ.get("DNSLOUPE_SHARED", ROOT.parent / "shared"))
    if not (path / "captures").is_dir():
        pytest.skip("no ../shared beside the checkout (DNSLOUPE_SHARED names another place)")
    return path
