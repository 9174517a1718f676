"""IP fragments: any order, safe against overlaps, bounded in time and memory, and every frame accounted for."""

from __future__ import annotations

import itertools

import pytest

from analyzer.dns.anomalies import Anomaly
from tests.builders import (
    A,
    at,
    ethernet,
    extension,
    fragment6,
    fragments4,
    fragments6,
    ipv4,
    ipv6,
    pcap,
    pointer,
    query,
    record,
    response,
    udp,
    vxlan,
)
from tests.decode.runs import Reader

ANSWERS = [record(pointer(12), A, bytes([192, 0, 2, n])) for n in range(4)]
WIRE = response(answers=ANSWERS)
DATAGRAM = udp(WIRE, 53, 40000)
THREE = fragments4(DATAGRAM, 48)
SECOND = 1_000_000_000


def wrapped(packets: list[bytes]) -> list[bytes]:
    return [ethernet(p) for p in packets]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order(decoder: Reader, order: tuple[int, ...]) -> None:
    assert len(THREE) == 3
    got = decoder(pcap(wrapped([THREE[i] for i in order])))
    assert got.rows("frame", "size", "answer_matches", "anomalies", "ip_id") == [(3, len(WIRE), 4, 0, 7)]
    assert got.kinds == {"message": 1, "part": 2}


def test_ipv6(decoder: Reader) -> None:
    packets = fragments6(DATAGRAM, 48)
    got = decoder(pcap(wrapped(packets[::-1])))
    assert got.rows("frame", "answer_matches") == [(3, 4)]
    # An extension header before the transport is part of what is cut up.
    whole = extension(DATAGRAM)
    pieces = [
        ipv6(fragment6(whole[i : i + 64], i, i + 64 < len(whole), following=60), protocol=44)
        for i in range(0, len(whole), 64)
    ]
    assert decoder(pcap(wrapped(pieces))).rows("answer_matches") == [(4,)]


def test_over_several_files(decoder: Reader) -> None:
    got = decoder(pcap(wrapped(THREE[:1])), pcap(wrapped(THREE[1:])))
    assert got.rows("file", "frame", "answer_matches") == [(1, 2, 4)]


def test_exact_duplicates_and_equal_overlaps_do_no_harm(decoder: Reader) -> None:
    overlap = ipv4(DATAGRAM[32:56], ident=7, offset=32, more=True)
    got = decoder(pcap(wrapped([THREE[0], THREE[0], overlap, THREE[1], THREE[2]])))
    assert got.rows("frame", "answer_matches") == [(5, 4)]
    assert got.kinds == {"message": 1, "part": 4}


@pytest.mark.parametrize("family", [4, 6])
def test_an_overlap_that_disagrees_drops_the_datagram(decoder: Reader, family: int) -> None:
    forged = bytes(40)
    if family == 4:
        packets, lie = THREE, ipv4(forged, ident=7, offset=40, more=True)
    else:
        packets, lie = fragments6(DATAGRAM, 48), ipv6(fragment6(forged, 40, True, 7), protocol=44)
    got = decoder(pcap(wrapped([packets[0], packets[1], lie, packets[2]])))
    assert len(got.messages) == 0
    assert got.kinds == {"skipped.fragment-overlap": 4}


def test_two_different_ends_drop_the_datagram(decoder: Reader) -> None:
    other_end = ipv4(DATAGRAM[40:48], ident=7, offset=40)
    got = decoder(pcap(wrapped([THREE[2], other_end, THREE[0], THREE[1]])))
    assert got.kinds == {"skipped.fragment-overlap": 4}


def test_the_first_fragment_alone_gives_its_question(decoder: Reader) -> None:
    got = decoder(
        pcap([at(ethernet(THREE[1]), 0), at(ethernet(THREE[0]), 5), at(ethernet(ipv4(udp(query()))), 40 * SECOND)])
    )
    assert got.rows("frame", "qname", "size", "anomalies") == [
        (2, "www.example.org", len(WIRE), Anomaly.FIRST_FRAGMENT),
        (3, "www.example.org", len(query()), 0),
    ]
    assert got.kinds == {"message": 2, "skipped.fragment-missing": 1}
    assert got.notes == {"fragment-timeout": 1}


def test_within_30_s_a_datagram_is_still_completed(decoder: Reader) -> None:
    times = (0, 15 * SECOND, 30 * SECOND)
    assert len(decoder(pcap([at(ethernet(p), t) for p, t in zip(THREE, times, strict=True)])).messages) == 1
    got = decoder(pcap([at(ethernet(p), t) for p, t in zip(THREE, (0, 15 * SECOND, 31 * SECOND), strict=True)]))
    assert got.rows("frame", "anomalies") == [(1, Anomaly.FIRST_FRAGMENT)]


def test_at_the_end_the_first_fragment_counts_without_a_note(decoder: Reader) -> None:
    got = decoder(pcap(wrapped(THREE[:2])))
    assert got.rows("frame", "anomalies") == [(1, Anomaly.FIRST_FRAGMENT)]
    assert (got.kinds, got.notes) == ({"message": 1, "skipped.fragment-missing": 1}, {})


def test_a_first_fragment_without_a_question_gives_nothing(decoder: Reader) -> None:
    packets = [ipv4(DATAGRAM[:24], ident=1, more=True), ipv4(DATAGRAM[40:80], ident=2, offset=40, more=True)]
    assert decoder(pcap(wrapped(packets))).kinds == {"skipped.fragment-missing": 2}


def test_groups_are_bounded(decoder: Reader) -> None:
    firsts = [ethernet(ipv4(DATAGRAM[:48], ident=n, more=True)) for n in range(5)]
    got = decoder(pcap(firsts), max_fragment_groups=2)
    assert [f for (f,) in got.rows("frame")] == [1, 2, 3, 4, 5]
    assert got.notes == {"fragment-evicted": 3}
    got = decoder(pcap([*firsts, ethernet(THREE[1])]), max_fragment_bytes=400)
    assert got.notes == {"fragment-evicted": 4}


def test_fragments_cut_by_the_snap_length(decoder: Reader) -> None:
    packets = wrapped(THREE)
    cut = [at(packets[0], 0, len(packets[0]) - 3), at(packets[1], 1, len(packets[1]) - 3), at(packets[2], 2)]
    got = decoder(pcap(cut))
    assert got.rows("frame", "anomalies") == [(1, Anomaly.FIRST_FRAGMENT | Anomaly.CUT)]
    assert got.kinds == {"message": 1, "skipped.snaplen": 1, "skipped.fragment-missing": 1}


@pytest.mark.parametrize(
    "packet",
    [
        ipv4(DATAGRAM[:41], more=True),
        ipv4(b"", offset=8),
        ipv4(bytes(16), offset=65528),
        ipv6(fragment6(DATAGRAM[:41], 0, True), protocol=44),
    ],
)
def test_fragments_that_cannot_be(decoder: Reader, packet: bytes) -> None:
    assert decoder(pcap([ethernet(packet)])).kinds == {"skipped.malformed-ip": 1}


def test_a_fragmented_tunnel_packet(decoder: Reader) -> None:
    outer = udp(vxlan(ethernet(ipv4(udp(query())))), 50000, 4789)
    got = decoder(pcap(wrapped(fragments4(outer, 64))))
    assert got.rows("qname", "vni") == [("www.example.org", 42)]
    assert got.kinds == {"message": 1, "part": 1}


def test_fragments_of_something_else(decoder: Reader) -> None:
    assert decoder(pcap(wrapped(fragments4(udp(bytes(100), 9, 9), 40)))).kinds == {"other": 3}
