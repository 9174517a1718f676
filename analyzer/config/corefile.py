"""CoreDNS' Corefile: server blocks with their keys, `import` of files and snippets, and what each block does with a name.

Plugins act in the order of plugin.cfg, whatever the order of their lines; see `plugins`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.config.lexer import Directive, tree, words_of
from analyzer.config.parsed import Opener, Parsed, Problem, address, no_files
from analyzer.config.plugins import Authority, Cache, Forward, authorities, caches, forwards
from analyzer.config.zones import normal, reverse_zones
from analyzer.findings import SourceLine

__all__ = ["MAX_IMPORTS", "Block", "Corefile", "Key", "read"]

MAX_IMPORTS = 64  # import statements followed in one Corefile; CoreDNS stops at a cycle, this stops before one hurts
_IMPORT_DEPTH = 8
_KEY = re.compile(r"(?:(?P<scheme>dns|tls|quic|https3?|grpc)://)?(?P<zone>.*?)(?::(?P<port>\d{1,5}))?")
_PORTS = {"": 53, "dns": 53, "tls": 853, "quic": 853, "https": 443, "https3": 443, "grpc": 443}
_PILLAR = re.compile(r"__PILLAR__[A-Z_]*__")


@dataclass(frozen=True, slots=True)
class Key:
    """One zone that a block serves, with its port and transport."""

    zone: str
    port: int = 53
    scheme: str = "dns"


@dataclass(frozen=True, slots=True)
class Block:
    """A server block: its keys, `bind` addresses (empty: all of its namespace) and the plugins that route a query."""

    keys: tuple[Key, ...]
    source: SourceLine
    bind: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    forwards: tuple[Forward, ...] = ()
    authorities: tuple[Authority, ...] = ()
    cache: Cache | None = None
    loop: SourceLine | None = None
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Corefile:
    blocks: tuple[Block, ...] = ()
    pillars: tuple[tuple[str, SourceLine], ...] = ()


@dataclass(slots=True)
class _Reading:
    """What one reading carries along: the problems so far, the snippets, and how many imports are left."""

    env: Mapping[str, str]
    opener: Opener
    problems: list[Problem]
    snippets: dict[str, tuple[Directive, ...]] = field(default_factory=dict)
    imports: int = MAX_IMPORTS
    pillars: dict[tuple[str, SourceLine], None] = field(default_factory=dict)

    def directives(self, text: str, origin: str) -> tuple[Directive, ...]:
        words = list(words_of(text, origin, self.env, self.problems))
        for word in words:
            self.pillars.update(dict.fromkeys((name, word.source) for name in _PILLAR.findall(word.text)))
        return tree(words, self.problems)


def read(text: str, origin: str, env: Mapping[str, str] | None = None, opener: Opener = no_files) -> Parsed[Corefile]:
    """Read a Corefile; `opener` finds imported files, `env` the variables of the server's own environment."""
    reading = _Reading(env or {}, opener, [])
    blocks = []
    for directive in _one_block(list(_expand(reading.directives(text, origin), reading, 0))):
        if directive.body is None:
            reading.problems.append(Problem(directive.source, "not inside a server block"))
        else:
            blocks.append(_block(directive, reading))
    found = Corefile(tuple(block for block in blocks if block), tuple(reading.pillars))
    return Parsed(origin, "Corefile", found, tuple(reading.problems))


def _one_block(top: list[Directive]) -> list[Directive]:
    """A Corefile of one server block may leave its braces out: the first line is the keys, the rest the body."""
    if top and all(directive.body is None or directive.name in _WITH_BODY for directive in top):
        head, *rest = top
        return [Directive(head.words, head.source, tuple(rest))] if head.body is None else top
    return top


_WITH_BODY = frozenset("cache forward kubernetes hosts template file auto errors health log grpc rewrite acl".split())


def _expand(directives: Sequence[Directive], reading: _Reading, level: int) -> Iterator[Directive]:
    """Replace each `import` by what it names; take snippets out of the way."""
    for directive in directives:
        if level == 0 and re.fullmatch(r"\(.+\)", " ".join(directive.words)) and directive.body is not None:
            reading.snippets[directive.name.strip("()")] = directive.body
        elif directive.words and directive.name == "import":
            yield from _imported(directive, reading, level)
        elif directive.body is not None:
            yield Directive(directive.words, directive.source, tuple(_expand(directive.body, reading, level + 1)))
        else:
            yield directive


def _imported(directive: Directive, reading: _Reading, level: int) -> Iterator[Directive]:
    if len(directive.words) < 2:
        reading.problems.append(Problem(directive.source, "import without a name", error=True))
        return
    reading.imports -= 1
    if reading.imports < 0 or level >= _IMPORT_DEPTH:
        reading.problems.append(Problem(directive.source, "imports go round or too deep; not followed", error=True))
        return
    pattern = directive.words[1]
    if pattern in reading.snippets:
        body = tuple(_with_arguments(line, directive.words[2:]) for line in reading.snippets[pattern])
        yield from _expand(body, reading, level + 1)
        return
    files = reading.opener(pattern)
    if not files and not set("*?[") & set(pattern):
        reading.problems.append(Problem(directive.source, f"imported file or snippet {pattern} was not given"))
    for name, text in files:
        # level + 1 bounds a file that imports itself; a snippet inside a file is defined for the rest as well
        for line in reading.directives(text, name):
            if line.body is not None and re.fullmatch(r"\(.+\)", line.name if line.words else ""):
                reading.snippets[line.name.strip("()")] = line.body
            else:
                yield from _expand((line,), reading, level + 1)


def _with_arguments(line: Directive, arguments: Sequence[str]) -> Directive:
    """`{args[0]}` and the older `{args.0}` inside a snippet stand for the words after its name in the import."""
    words = line.words
    for position, value in enumerate(arguments):
        for written in (f"{{args[{position}]}}", f"{{args.{position}}}"):
            words = tuple(word.replace(written, value) for word in words)
    body = None if line.body is None else tuple(_with_arguments(inner, arguments) for inner in line.body)
    return Directive(words, line.source, body)


def _keys(words: Sequence[str], source: SourceLine, problems: list[Problem]) -> Iterator[Key]:
    for word in " ".join(words).replace(",", " ").split():
        scheme = word.split("://", 1)[0] if "://" in word else ""
        whole = reverse_zones(word.removeprefix(f"{scheme}://")) if "/" in word.removeprefix(f"{scheme}://") else None
        match = _KEY.fullmatch(word)
        if whole is not None:
            yield from (Key(zone, _PORTS.get(scheme, 53), scheme or "dns") for zone in whole)
        elif match is None or (match.group("port") and not 0 < int(match.group("port")) < 65536):
            problems.append(Problem(source, f"not a zone: {word}", error=True))
        else:
            scheme = match.group("scheme") or ""
            zone, port = match.group("zone"), int(match.group("port") or _PORTS[scheme])
            blocks = reverse_zones(zone) if "/" in zone else None
            yield from (Key(name, port, scheme or "dns") for name in blocks or [normal(zone)])


def _block(directive: Directive, reading: _Reading) -> Block | None:
    keys = tuple(_keys(directive.words, directive.source, reading.problems))
    if not keys:
        reading.problems.append(Problem(directive.source, "a server block without a zone", error=True))
        return None
    body = [line for line in directive.body or () if line.words]
    bound = [word for line in body if line.name == "bind" for word in line.arguments]
    literals = [literal for literal in map(address, bound) if literal]
    zones = tuple(key.zone for key in keys)
    return Block(
        keys,
        directive.source,
        tuple(literal for literal in literals if literal not in ("0.0.0.0", "::")),
        tuple(word for word in bound if address(word) is None and not _PILLAR.search(word)),
        forwards(body, reading.problems),
        authorities(body, zones, reading.problems),
        caches(body),
        next((line.source for line in body if line.name == "loop"), None),
        tuple(line.name for line in body),
    )
