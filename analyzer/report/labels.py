"""Addresses in words of the report, and what has them: a pod, a service, a node, a host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["addresses", "labelled"]

_ADDRESS: Final = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*[0-9a-f:])(?![\w:]|\.\w)", re.ASCII
)


def addresses(text: str) -> list[str]:
    """What looks like an address in a subject: `169.254.25.10 zone .`, `10.1.2.3>10.4.5.6`, `10.1.2.3 > fd00::1`."""
    return _ADDRESS.findall(text)


def labelled(text: str, labels: Mapping[str, str]) -> str:
    """The text with the label behind each address that has one: `10.233.0.3 (svc kube-system/coredns)`."""
    if not labels:
        return text
    return _ADDRESS.sub(lambda match: f"{match[0]} ({labels[match[0]]})" if labels.get(match[0]) else match[0], text)
