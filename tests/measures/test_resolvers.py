"""The lab's resolvers one after another (a sample says which), however the input is cut."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.decode import decoder
from analyzer.findings import Confidence
from analyzer.measures import Context
from analyzer.measures.probes import Measure as Probes
from analyzer.measures.resolvers import Measure, _Sample
from analyzer.measures.roles import Measure as Roles
from analyzer.messages import Decoded, DecodeOptions
from analyzer.transactions import Transactions
from tests.scenes import Scene

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TRUTH = {"10.233.64.11": "glibc", "10.233.64.12": "musl", "10.233.64.13": "c-ares", "10.233.64.14": "Go"}


def read(name: str, parts: int = 1) -> tuple[Context, list[Measure], dict[str, Any]]:
    one = decoder("auto", DecodeOptions())
    one.open(0)
    context = Context()
    roles, probes, measures = Roles(context), Probes(context), [Measure(context) for _ in range(parts)]
    stage = Transactions(context.names, context.addresses, context.options)
    data: list[Decoded] = one.feed(gzip.decompress((SAMPLES / name).read_bytes())) + one.finish()
    batches = []
    for decoded in data:
        context.names.append(decoded.names)
        context.addresses.append(decoded.addresses)
        batches += stage.feed(decoded)
    for at, batch in enumerate([*batches, *stage.finish()]):
        roles.update(batch)
        probes.update(batch)
        measures[at % parts].update(batch)
    return context, measures, {"roles": roles.result({}), "probes": probes.result({})}


def test_the_labs_resolvers_are_named() -> None:
    _, (measure,), before = read("healthy.pcap.gz")
    found = {client: seen.name for client, seen in measure.result(before).items()}
    assert {client: found.get(client) for client in TRUTH} == TRUTH
    assert {found[address] for address in ("192.168.1.23", "169.254.25.10", "10.233.0.23")} == {"CoreDNS"}


def test_parts_merge_to_the_whole() -> None:
    _, (whole,), before = read("healthy.pcap.gz")
    _, (one, other), _ = read("healthy.pcap.gz", parts=2)
    other.merge(one)
    assert other.result(before) == whole.result(before)


def test_a_full_sample_keeps_whole_ports_whatever_the_order() -> None:
    random = np.random.default_rng(1)
    keys = (random.integers(0, 5000, 20_000).astype(np.uint64) << np.uint64(28)) | np.arange(
        20_000, dtype=np.uint64
    ) % 7
    sums = np.ones((len(keys), 4), np.int64)
    forward, backward, whole = _Sample(1000), _Sample(1000), _Sample(10**6)
    whole.add(keys, sums)
    for part in np.array_split(np.arange(len(keys)), 9):
        forward.add(keys[part], sums[part])
        backward.add(keys[::-1][part], sums[part])
    assert forward.keys.tolist() == backward.keys.tolist()
    assert (forward.sums == backward.sums).all()
    assert 0 < len(forward.keys) <= 1000
    ports = set((forward.keys >> np.uint64(28)).tolist())
    kept = [at for at, key in enumerate(whole.keys.tolist()) if key >> 28 in ports]
    assert whole.keys[kept].tolist() == forward.keys.tolist()


def named(scene: Scene, client: str = "10.0.0.1") -> tuple[str, Confidence, tuple[str, ...]]:
    found = scene.results()[0]["resolvers"].get(client)
    return (found.name, found.confidence, found.reasons) if found else ("", Confidence.LOW, ())


def resends(waits: tuple[float, ...], names: int, **more: int) -> Scene:
    """Names that nobody answers, sent with one ID and port after each of the waits."""
    made = Scene()
    for number in range(names):
        first = made.query(number * 20, "10.0.0.1", "10.0.0.53", f"n{number}.example.org", **more)
        at = number * 20.0
        for wait in waits:
            at += wait
            same = {"src_port": first["src_port"], "msg_id": first["msg_id"]}
            made.query(at, "10.0.0.1", "10.0.0.53", f"n{number}.example.org", **same)
    made.ask(names * 20 + 10, "10.0.0.1", "10.0.0.53", "end.example.org")
    return made


def asked_on(after: float, names: int = 5, rcode: str = "NXDOMAIN") -> Scene:
    """With OPT, and again without it `after` seconds after the answer, as systemd-resolved does on NXDOMAIN."""
    made = Scene()
    for number in range(names):
        name = f"n{number}.example.org"
        first = made.query(number, "10.0.0.1", "10.0.0.53", name, edns_size=1472)
        made.response(number + 0.020, first, rcode)
        same = {"src_port": first["src_port"], "msg_id": first["msg_id"]}
        made.response(number + 0.8, made.query(number + 0.020 + after, "10.0.0.1", "10.0.0.53", name, **same), rcode)
    return made


def test_resolved_asks_again_at_once_without_opt() -> None:
    assert named(asked_on(0.0001))[:2] == ("systemd-resolved", Confidence.MEDIUM)
    assert named(asked_on(0.0049))[0] == "systemd-resolved"
    assert named(asked_on(0.0051))[0] == ""
    assert named(asked_on(0.0001, names=2))[0] == ""
    assert named(asked_on(0.0001, rcode="SERVFAIL"))[0] == ""  # many resolvers resend after a failure


def test_resolved_is_told_by_its_stub() -> None:
    made = Scene()
    for number in range(6):
        own = made.query(number, "127.0.0.1", "127.0.0.53", f"n{number}.example.org")
        upstream = made.query(number + 0.001, "10.0.0.1", "10.0.0.53", f"n{number}.example.org", edns_size=1472)
        made.response(number + 0.002, upstream)
        made.response(number + 0.003, own)
    assert named(made)[:2] == ("systemd-resolved", Confidence.MEDIUM)
    assert named(made, "127.0.0.1")[0] == ""


def test_windows_waits_1_1_2_4_s() -> None:
    assert named(resends((1.0, 1.0, 2.0, 4.0), 3))[:2] == ("Windows", Confidence.LOW)
    assert named(resends((1.0, 1.0), 3))[0] == ""
    assert named(resends((1.06, 1.0, 2.0, 4.0), 3))[0] == ""
    assert named(resends((1.0, 1.0, 3.0, 3.0, 4.0, 4.0), 3))[0] == ""  # macOS: seven times in 30 s


def alone(pairs: int = 6, again: int = 0) -> Scene:
    """A forwarder seen from its upstream: a port for each question, and old IDs sent again when a client asks again."""
    made = Scene()
    for number in range(pairs):
        for qtype in ("A", "AAAA"):
            name = f"n{number}.example.org"
            first = made.query(number * 10, "10.0.0.1", "10.0.0.53", name, qtype)
            if number < again:
                same = {"src_port": first["src_port"], "msg_id": first["msg_id"]}
                first = made.query(number * 10 + 5, "10.0.0.1", "10.0.0.53", name, qtype, **same)
            made.response(number * 10 + 5.001 * (number < again) + 0.001, first)
    return made


def test_dnsmasq_sends_old_ids_again() -> None:
    assert named(alone())[0] == ""
    assert named(alone(again=2))[:2] == ("dnsmasq", Confidence.MEDIUM)
    assert named(alone(again=1))[0] == ""


def cnet(swapped_step: int, names: int = 6) -> Scene:
    """A C library's pairs of fully qualified names; IDs are `swapped_step` apart with their octets swapped."""
    made = Scene()
    for number in range(names):
        ident = 1000 + 777 * number
        for qtype, value in (("A", ident), ("AAAA", ident + swapped_step)):
            value = (value >> 8) | ((value & 255) << 8)
            port = {"src_port": 20_000 + number, "msg_id": value}
            made.ask(
                number + (qtype == "AAAA") / 10_000, "10.0.0.1", "10.0.0.53", f"n{number}.example.org", qtype, **port
            )
    return made


def test_glibc_without_search_is_told_by_its_clock() -> None:
    assert named(cnet(1024))[:2] == ("glibc", Confidence.MEDIUM)
    assert named(cnet(1100))[:2] == ("glibc or c-ares", Confidence.LOW)


def test_probes_name_who_sends_them_to_itself() -> None:
    made = Scene()
    made.ask(0, "10.0.0.1", "10.0.0.1", "123.456", "HINFO")
    made.ask(1, "10.0.0.2", "10.0.0.53", "12.34", "HINFO")  # passed on by whoever
    made.ask(2, "10.0.0.3", "10.0.0.53", "0123abcd.test", "TXT")
    assert named(made)[:2] == ("CoreDNS", Confidence.LOW)
    assert named(made, "10.0.0.2")[0] == ""
    assert named(made, "10.0.0.3")[:2] == ("dnsmasq", Confidence.LOW)


def test_who_walks_the_tree_is_none_of_them() -> None:
    for flags, name in ((0x0100, "systemd-resolved"), (0, "")):
        made = asked_on(0.0001)
        for row in made.rows:
            row["flags"] = row["flags"] & ~0x0100 | flags
        assert named(made)[0] == name
