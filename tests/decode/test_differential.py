"""Both decoders say the same about made and mutated captures, samples and corpus: columns, dictionaries, ledger and all."""

from __future__ import annotations

import bz2
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.decode.reference import ReferenceDecoder
from tests import builders as b
from tests.decode.runs import differences, native_class, said
from tests.decode.test_contract_links import CARRIERS
from tests.decode.test_contract_tunnels import TUNNELS
from tests.decode.test_corpus import CORPUS, octets

pytestmark = pytest.mark.native

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples").glob("*.pcap*"))
EXAMPLES = int(os.environ.get("DNSLOUPE_EXAMPLES", "40"))  # a longer run: DNSLOUPE_EXAMPLES=5000
FAST = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def agree(*files: bytes, chunk: int = 0, **options: object) -> None:
    """Fail, saying where, if the decoders disagree."""
    assert not differences(
        said(ReferenceDecoder, *files, **options), said(native_class(), *files, chunk=chunk, **options)
    )


labels = st.sampled_from([b"www", b"a", b"example", b"Example", b"org", b"(others)", b"\x00.\\", b"x" * 63])
wires = st.one_of(
    st.lists(labels, max_size=5).map(lambda ls: b"".join(bytes([len(x)]) + x for x in ls) + b"\0"),
    st.integers(0, 80).map(b.pointer),
    st.sampled_from([b"\x41a\0", b"\x80", b"\3www" + b.pointer(12), b"\xff\xff", b"\1"]),
)
types = st.sampled_from([1, 2, 5, 6, 12, 15, 16, 24, 28, 33, 41, 46, 65, 250, 251, 252, 255])
classes = st.sampled_from([1, 3, 254, 255, 1232])
rdata = st.one_of(
    st.binary(max_size=20), wires, st.just(b.soa()), st.tuples(wires, wires).map(lambda p: p[0] + p[1] + bytes(20))
)
opt_rdata = st.lists(st.tuples(st.sampled_from([3, 8, 10, 11, 12, 15, 99]), st.binary(max_size=4)), max_size=3).map(
    lambda options: b"".join(b.option(*o) for o in options)
)
ttls = st.sampled_from([0, 30, 300, 0x8000, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
records = st.one_of(
    st.builds(b.record, wires, types, rdata, ttls, classes),
    st.builds(b.record, wires, types, rdata, ttls, classes, st.integers(0, 40)),
    st.builds(lambda data, ttl: b.record(b"\0", b.OPT, data, ttl, 1232), opt_rdata, ttls),
)
questions = st.builds(b.question, wires, types, classes)
sections = st.lists(records, max_size=3)
messages = st.builds(
    lambda qs, ident, flags, an, ns, ar, counts, tail: b.message(
        *qs, ident=ident, flags=flags, answers=an, authority=ns, additional=ar, counts=counts, tail=tail
    ),
    st.lists(questions, max_size=2),
    st.integers(0, 3),
    st.sampled_from([0x0100, 0x8180, 0x8583, 0x2800, 0x2400, 0x3000, 0x7940]),
    sections,
    sections,
    sections,
    st.none() | st.tuples(*[st.sampled_from([0, 1, 2, 3, 9])] * 4),
    st.sampled_from([b"", b"", b"\0", b"junk"]),
)
payloads = st.one_of(messages, st.binary(max_size=30))


@FAST
@given(st.lists(payloads, min_size=1, max_size=4), st.sampled_from([0, 0, 1, 9, 40]), st.booleans())
def test_made_messages(payloads: list[bytes], snap: int, answers: bool) -> None:
    packets = [b.ethernet(b.ipv4(b.udp(p))) for p in payloads]
    agree(
        b.pcap([b.at(p, i, len(p) - snap) for i, p in enumerate(packets)]),
        answers=answers,
        max_names=12,
        max_addresses=4,
        batch_rows=2,
    )


def stream(way: int, port: int) -> Callable[[bytes, int, int], bytes]:
    """Segments of one direction of a connection."""
    ends = (b.CLIENT, b.SERVER) if way == 0 else (b.SERVER, b.CLIENT)
    ports = (port, 53) if way == 0 else (53, port)
    return lambda payload, seq, flags: b.ethernet(b.ipv4(b.tcp(payload, seq, *ports, flags), *ends, 6))


@st.composite
def conversations(draw: st.DrawFn) -> list[b.Frame]:
    """Segments of a few connections: cut, shuffled, repeated, forged, lost, and cut by the snap length."""
    frames: list[bytes] = []
    for _ in range(draw(st.integers(1, 2))):
        send = stream(draw(st.integers(0, 1)), draw(st.sampled_from([40000, 40001, 53])))
        octets = b.prefixed(*draw(st.lists(st.one_of(messages, st.binary(max_size=13)), min_size=1, max_size=4)))
        start = draw(st.sampled_from([1, (1 << 32) - 20, 2_000_000_000]))
        segments = [send(b"", start - 1, b.SYN)] if draw(st.booleans()) else []
        for _ in range(draw(st.integers(1, 8))):
            at = draw(st.integers(0, len(octets)))
            size = draw(st.sampled_from([1, 2, 10, 40, 400]))
            payload = octets[at : at + size]
            if draw(st.integers(0, 5)) == 0:
                payload = bytes(len(payload))
            segments.append(
                send(payload, start + at, draw(st.sampled_from([b.ACK, b.ACK, b.ACK, b.FIN | b.ACK, b.RST])))
            )
        segments += (
            [send(octets[a : a + 30], start + a, b.ACK) for a in range(0, len(octets), 30)]
            if draw(st.booleans())
            else []
        )
        frames += draw(st.permutations(segments)) if draw(st.booleans()) else segments
    steps = st.sampled_from([1_000_000, 1_000_000, 1_500_000_000, 6_000_000_000, -300_000_000])
    out, now = [], 0
    for frame in frames:
        now += draw(steps)
        out.append(b.at(frame, now, len(frame) - draw(st.sampled_from([0, 0, 0, 0, 3, 20, 60]))))
    return out


@FAST
@given(
    conversations(),
    st.sampled_from([{}, {}, {"max_connections": 1}, {"max_tcp_bytes": 500}, {"batch_rows": 2}]),
    st.booleans(),
)
def test_made_conversations(frames: list[b.Frame], options: dict[str, int], answers: bool) -> None:
    agree(b.pcap(frames, nano=True), answers=answers, **options)


@st.composite
def fragment_trains(draw: st.DrawFn) -> list[b.Frame]:
    """Fragments of a few datagrams, both families: shuffled, repeated, forged, lost, late."""
    frames: list[bytes] = []
    for ident in range(draw(st.integers(1, 3))):
        whole = b.udp(draw(messages) + bytes(40), 53, 40000)
        size = draw(st.sampled_from([8, 24, 48]))
        cut = b.fragments4 if draw(st.booleans()) else b.fragments6
        frames += cut(whole, size, ident)
        at = draw(st.integers(0, 10)) * 8
        more, data = draw(st.booleans()), draw(st.sampled_from([whole[at : at + 16], bytes(16), bytes(13), b""]))
        frames.append(b.ipv4(data, ident=ident, offset=at, more=more))
        frames.append(b.ipv6(b.fragment6(data, at, more, ident), protocol=44))
    frames = (
        draw(st.lists(st.sampled_from(frames), max_size=12)) if draw(st.booleans()) else draw(st.permutations(frames))
    )
    steps = st.sampled_from([1, 1, 1, 9, 40])
    out, now = [], 0
    for frame in frames:
        now += draw(steps) * 1_000_000_000
        out.append(b.at(b.ethernet(frame), now, 14 + len(frame) - draw(st.sampled_from([0, 0, 0, 3]))))
    return out


@FAST
@given(fragment_trains(), st.sampled_from([{}, {}, {"max_fragment_groups": 1}, {"max_fragment_bytes": 400}]))
def test_made_fragments(frames: list[b.Frame], options: dict[str, int]) -> None:
    agree(b.pcap(frames), **options)


BASES = [
    *((linktype, packet) for linktype, packet in CARRIERS.values()),
    *((1, b.ethernet(packet)) for packet, _encap, _vni in TUNNELS.values()),
    (1, b.ethernet(b.ipv4(b.icmp(b.ipv4(b.udp(b.query()))), protocol=1))),
    (1, b.ethernet(b.ipv6(b.icmp(b.ipv6(b.extension(b.udp(b.query())), protocol=0), 1), protocol=58))),
    (1, b.ethernet(b.ipv6(b.extension(b.extension(b.udp(b.query())), 60), protocol=0))),
]
edits = st.lists(
    st.tuples(
        st.integers(0, 400), st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 4, 6, 8, 17, 41, 44, 47, 255]))
    ),
    max_size=4,
)


def edited(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    out = bytearray(data)
    for where, octet in changes:
        if out:
            out[where % len(out)] = octet
    return bytes(out)


@settings(FAST, max_examples=3 * EXAMPLES)
@given(st.lists(st.tuples(st.sampled_from(BASES), edits), min_size=1, max_size=4), st.integers(0, 60))
def test_mutated_layers(packets: list[tuple[tuple[int, bytes], list[tuple[int, int]]]], snap: int) -> None:
    """Each packet under its link type, in one pcapng."""
    blocks = [b.shb(), *(b.idb(linktype) for (linktype, _), _ in packets)]
    for number, ((_, packet), changes) in enumerate(packets):
        whole = edited(packet, changes)
        blocks.append(b.epb(b.at(whole, number, len(whole) - snap if snap < 30 else None), number))
    agree(b"".join(blocks), answers=True)


@settings(FAST, max_examples=2 * EXAMPLES)
@given(st.sampled_from(sorted(CORPUS.glob("*.hex"))), edits, st.integers(0, 200), st.sampled_from([0, 1, 7]))
def test_mutated_files(path: Path, changes: list[tuple[int, int]], cut: int, chunk: int) -> None:
    data = edited(octets(path), changes)
    agree(data[: len(data) - cut] if cut < 100 else data, chunk=chunk, answers=True)


@pytest.mark.parametrize("chunk", [0, 7])
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.hex")), ids=lambda path: path.stem)
def test_corpus(path: Path, chunk: int) -> None:
    agree(octets(path), chunk=chunk, answers=True)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples(path: Path) -> None:
    """The first 60 kB of each, which is enough for every kind of frame in it."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else bz2.decompress(data) if data[:3] == b"BZh" else data
    agree(data[:60_000], answers=True)
