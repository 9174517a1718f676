"""The rules that group names once more, over labels instead of a tree of numbers."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from publicsuffixlist import PublicSuffixList

from analyzer.dns.names import label_text
from analyzer.dns.suffixes import is_tld
from analyzer.messages import Present
from tests.measures.naive import REPLIED, Labels, Naive

__all__ = ["Grouping", "text"]

Group = tuple[str, str, str, str]  # suffix, rule, namespace, service


@functools.lru_cache(maxsize=1 << 17)
def text(labels: Labels) -> str:
    """Presentation form, lower case."""
    return ".".join(label_text(label) for label in labels).lower() or "."


@functools.cache
def _icann() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True, accept_unknown=False)


def registrable(labels: Labels) -> int | None:
    """How many labels public suffix and one more are."""
    plain = [text((label,)) if b"." not in label and text((label,)).isascii() else "x" for label in labels]
    plain = ["x" if "\\" in label else label for label in plain]
    found = _icann().privatesuffix(".".join(plain)) if plain else None
    return found.count(".") + 1 if found else None


class Grouping:
    """`group(labels)`; `searched` maps a candidate's labels to its suffix, `domain` is the cluster's."""

    def __init__(self, naive: Naive, searched: Mapping[Labels, str], domain: str) -> None:
        self._searched = searched
        self._domain = tuple(part.encode() for part in domain.split("."))
        self._cuts = {labels for labels in self._owners(naive) if labels and not self._registry(labels)}

    @staticmethod
    def _owners(naive: Naive) -> Iterable[Labels]:
        names: Any = naive.context.names
        for row in naive.rows:
            for column, bit in (("soa_owner", Present.SOA), ("ns_owner", Present.NS)):
                if row["state"] in REPLIED and row["r_present"] & int(bit):
                    yield tuple(label.lower() for label in names.labels(row[column]))

    @staticmethod
    def _registry(labels: Labels) -> bool:
        """Whether the name is a public suffix, or a top-level domain of which the list knows only what is below (za)."""
        return is_tld(labels[-1]) and registrable(labels) is None

    def group(self, labels: Labels) -> Group:
        """The first rule that applies."""
        if self._searched.get(labels):
            return self._searched[labels], "search", "", ""
        size, domain = len(self._domain), self._domain
        at = next((at for at in range(len(labels) - size, -1, -1) if labels[at : at + size] == domain), None)
        if at is not None and at + size < len(labels):
            return text(labels[at + size :]), "search", "", ""
        if at is not None:
            return self._clustered(labels[:at])
        reverse = self._reverse(labels)
        if reverse:
            return text(labels[-reverse:]), "reverse", "", ""
        for at in range(len(labels)):
            if labels[at:] in self._cuts:
                return text(labels[at:]), "zone-cut", "", ""
        own = registrable(labels)
        return text(labels[-(own or 2) :]), "public-suffix" if own else "labels", "", ""

    def _clustered(self, inner: Labels) -> Group:
        domain = text(self._domain)
        words = [text((label,)) for label in inner]
        if words[-1:] == ["svc"] and len(words) >= 3:
            return f"{'.'.join(words[-3:])}.{domain}", "cluster", words[-2], words[-3]
        if words[-1:] in (["svc"], ["pod"]) and len(words) >= 2:
            return f"{'.'.join(words[-2:])}.{domain}", "cluster", words[-2], ""
        return domain, "cluster", "", ""

    @staticmethod
    def _reverse(labels: Labels) -> int:
        if labels[-2:] == (b"in-addr", b"arpa"):
            return min(len(labels), 3 if labels[-3:-2] == (b"10",) else 4)
        return min(len(labels), 14) if labels[-2:] == (b"ip6", b"arpa") else 0
