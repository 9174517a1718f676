"""Reading files within bounds: only inside what was given, regular files only, limited in size, number and depth."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.config.parsed import Opener
from analyzer.errors import InputError

__all__ = ["MAX_BYTES", "MAX_FILES", "Jail", "text_of", "walk"]

MAX_BYTES = 2_000_000  # one configuration file; a large `kubectl get cm -A -o yaml` stays below
MAX_FILES = 2_000  # looked at in one directory argument
_MAX_DEPTH = 12
_MAX_STARS = 3  # each may list a directory level; real includes have one
_SKIP = frozenset({".git", "node_modules", "proc", "sys", "dev", "__pycache__"})


def text_of(path: Path) -> str:
    """The file as text; bytes that are not UTF-8 become escapes. InputError if it is no readable regular file or too large."""
    try:
        if not path.is_file():
            raise InputError(f"{path}: not a regular file")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES} bytes, not a configuration file")
        data = path.read_bytes()[:MAX_BYTES]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return data.decode("utf-8", "backslashreplace")


def walk(top: Path) -> Iterator[Path]:
    """The files below `top` in name order, links to outside left out, at most MAX_FILES and twelve levels deep."""
    base, found = top.resolve(), 0
    for folder, folders, names in os.walk(top, followlinks=False):
        here = Path(folder)
        deep = len(here.relative_to(top).parts) >= _MAX_DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if name not in _SKIP)
        for name in sorted(names):
            path = here / name
            if not path.is_file() or not path.resolve().is_relative_to(base):
                continue
            found += 1
            if found > MAX_FILES:
                return
            yield path


class Jail:
    """Answers include patterns with files, but only with those inside `roots` (directories); `taken` records what was read.

    An absolute pattern is looked up below the directories above the including file first (a copied tree of another
    machine), then below each root, then as it stands.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = [root.resolve() for root in roots]
        self.taken: set[Path] = set()

    def opener(self, beside: Path) -> Opener:
        """An opener for the includes of the file at `beside`: relative patterns start in its directory."""
        return lambda pattern: list(self._matches(pattern, beside.parent))

    def _matches(self, pattern: str, folder: Path) -> Iterator[tuple[str, str]]:
        for candidate in self._candidates(pattern, folder):
            found = list(self._read(candidate))
            if found:
                yield from found
                return

    def _candidates(self, pattern: str, folder: Path) -> Iterator[tuple[Path, str]]:
        if "\0" in pattern or len(pattern) > 1000 or "**" in pattern or pattern.count("*") > _MAX_STARS:
            return
        if pattern.startswith("/"):
            above = [one for one in (folder.resolve(), *folder.resolve().parents) if self._inside(one)]
            yield from ((one, pattern.lstrip("/")) for one in dict.fromkeys((*above, *self.roots)))
            yield Path("/"), pattern.lstrip("/")
        else:
            yield folder, pattern

    def _read(self, candidate: tuple[Path, str]) -> Iterator[tuple[str, str]]:
        base, pattern = candidate
        if ".." in Path(pattern).parts or not pattern:
            return
        if base == Path(
            "/"
        ):  # as it stands: only if the directory is inside a root, so that nothing else is ever listed
            fixed = Path("/", *_fixed_parts(pattern))
            if not self._inside(fixed):
                return
        try:
            paths = sorted(base.glob(pattern)) if set("*?[") & set(pattern) else [base / pattern]
        except (OSError, ValueError):
            return
        for path in paths[:MAX_FILES]:
            if self._inside(path) and path.is_file():
                try:
                    text = text_of(path)
                except InputError:
                    continue
                self.taken.add(path.resolve())
                yield str(path), text

    def _inside(self, path: Path) -> bool:
        try:
            real = path.resolve()
        except (OSError, RuntimeError):
            return False
        return any(real.is_relative_to(root) for root in self.roots)


def _fixed_parts(pattern: str) -> list[str]:
    """The leading directories of a pattern that hold no wildcard."""
    parts = []
    for part in Path(pattern).parts[:-1]:
        if set("*?[") & set(part):
            break
        parts.append(part)
    return parts
