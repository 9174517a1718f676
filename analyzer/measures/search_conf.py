"""The resolv.conf behind a search list, as text: only what the packets showed, each line with the number that shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from analyzer.measures.search_rows import ListClient, Ndots
from analyzer.options import NS

__all__ = ["resolv_conf"]

_NAMED: Final = 4  # clients named in a comment
_NEAR_NS: Final = 150_000_000  # a timer of whole seconds fires within this
_OWN: Final = ("ingress-nginx lua", "c-ares", "nginx")  # do not take their timers from this file

Timer = tuple[int | None, int | None]


def resolv_conf(
    suffixes: Sequence[str],
    servers: Sequence[str],
    ndots: Ndots,
    complete: bool,
    lookups: int,
    clients: Sequence[ListClient] = (),
) -> str:
    """The file. `timeout` and `attempts` stand there only where clients were seen to ask again after silence."""
    timers: dict[Timer, list[ListClient]] = defaultdict(list)
    for client in clients:
        timers[_timer(client)].append(client)
    own = timers.pop((None, None), [])
    told = max(timers, key=lambda timer: (len(timers[timer]), timer[0] or 0, timer[1] or 0), default=(None, None))
    lines = [f"# seen in {lookups} lookups; {ndots.text}"]
    if not complete:
        lines.append("# no lookup came to its end: there may be further suffixes")
    lines += [*_pairs(clients), *_support(timers.get(told, []))]
    for timer in sorted(timers, key=str):
        if timer != told:
            lines.append(f"# {_names(timers[timer])} differ: {' '.join(_options(timer))}")
    lines += [line for client in own for line in _own(client)]
    lines.append("search " + " ".join(suffixes))
    lines += [f"nameserver {server}" for server in servers]
    value = ndots.min if ndots.min is not None else ndots.max
    plain = value is None or (value == 1 and ndots.max == 1)  # the default needs no line
    options = [*([] if plain else [f"ndots:{value}"]), *_options(told)]
    if options:
        reason = "" if plain or ndots.max == ndots.min else f"    # {_reason(ndots)}"
        lines.append(f"options {' '.join(options)}{reason}")
    return "\n".join(lines) + "\n"


def _reason(ndots: Ndots) -> str:
    if ndots.min is None:
        return "or less"
    if ndots.max is None:
        return f"or more: no name with {ndots.min} dots or more was seen searched"
    return f"to {ndots.max}"


def _timer(client: ListClient) -> Timer:
    """`timeout` and `attempts` in the file's own terms. musl divides the one by the other; a few libraries read neither."""
    if client.resolver in _OWN:
        return None, None
    wait, attempts = client.wait_ns, client.attempts
    if wait is None:
        return None, attempts
    if client.resolver == "musl":
        if attempts is None:
            return None, None
        wait *= attempts
    seconds = round(wait / NS)
    return (seconds if seconds and abs(wait - seconds * NS) <= _NEAR_NS * (attempts or 1) else None), attempts


def _options(timer: Timer) -> list[str]:
    return [f"{name}:{value}" for name, value in zip(("timeout", "attempts"), timer, strict=True) if value is not None]


def _names(clients: Sequence[ListClient]) -> str:
    more = f" and {len(clients) - _NAMED} more" if len(clients) > _NAMED else ""
    return ", ".join(client.addr for client in clients[:_NAMED]) + more


def _support(clients: Sequence[ListClient]) -> Iterator[str]:
    """What `timeout` and `attempts` rest on."""
    resends, given_up = sum(client.resends for client in clients), sum(client.given_up for client in clients)
    waits = [client.wait_ns for client in clients if client.wait_ns is not None]
    if waits:
        yield f"# timeout: {resends} questions asked again {min(waits) / NS:.2f} s after silence began"
    if given_up:
        yield f"# attempts: {given_up} questions given up after so many sendings a server"


def _own(client: ListClient) -> Iterator[str]:
    """A timer that does not speak of the file."""
    if client.wait_ns is None:
        return
    why = "timeout divided by attempts" if client.resolver == "musl" else "a timer of its own, not of this file"
    name = f" ({client.resolver})" if client.resolver else ""
    yield f"# {client.addr}{name} asks again after {client.wait_ns / NS:.2f} s: {why} ({client.resends} times)"


def _pairs(clients: Sequence[ListClient]) -> Iterator[str]:
    """How A and AAAA are asked."""
    serial = [client for client in clients if client.style == "serial"]
    if not serial and clients:
        yield "# A and AAAA are asked together (parallel)"
    elif serial:
        whose = "" if len(serial) == len(clients) else f" by {_names(serial)}; together (parallel) by the others"
        yield f"# A and AAAA are asked one after the other (serial){whose}"
