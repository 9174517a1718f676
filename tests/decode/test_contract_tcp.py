"""DNS over TCP: streams put together from whatever segments come, and the facts of their connections."""

from __future__ import annotations

import itertools
import random

import pytest

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import Present
from tests.builders import (
    ACK,
    CLIENT,
    FIN,
    RST,
    SERVER,
    START_NS,
    SYN,
    Frame,
    at,
    ethernet,
    ipv4,
    pcap,
    prefixed,
    query,
    response,
    sll2,
    tcp,
    udp,
    vxlan,
)
from tests.decode.runs import Reader

SECOND = 1_000_000_000
NAMES = ("one.example", "two.example", "three.example")
STREAM = prefixed(*(query(n, ident=i) for i, n in enumerate(NAMES)))
LENGTHS = [len(prefixed(query(n))) for n in NAMES]


def out(payload: bytes = b"", seq: int = 1, flags: int = ACK, port: int = 40000) -> bytes:
    return ethernet(ipv4(tcp(payload, 1000 + seq, port, 53, flags), CLIENT, SERVER, 6))


def back(payload: bytes = b"", seq: int = 1, flags: int = ACK, port: int = 40000) -> bytes:
    return ethernet(ipv4(tcp(payload, 9000 + seq, 53, port, flags), SERVER, CLIENT, 6))


def opened(*segments: bytes | Frame) -> list[bytes | Frame]:
    return [out(seq=0, flags=SYN), back(seq=0, flags=SYN | ACK), *segments]


def names(got: object) -> list[str]:
    return [n for (n,) in got.rows("qname")]  # type: ignore[attr-defined]  # a Run


def pieces(stream: bytes, *cuts: int) -> list[tuple[int, bytes]]:
    """(sequence, octets) between the cuts."""
    edges = [0, *cuts, len(stream)]
    return [(1 + a, stream[a:b]) for a, b in itertools.pairwise(edges)]


def test_one_segment_each(decoder: Reader) -> None:
    answer = prefixed(response("one.example", ident=0))
    got = decoder(pcap(opened(out(STREAM[: LENGTHS[0]]), back(answer))))
    assert got.rows("frame", "transport", "flow", "tcp_seq", "size", "src_addr", "anomalies") == [
        (3, 1, 0, 1001, LENGTHS[0] - 2, CLIENT, 0),
        (4, 1, 0, 9001, len(answer) - 2, SERVER, 0),
    ]
    assert all(p & Present.FLOW for (p,) in got.rows("present"))
    assert got.kinds == {"message": 2, "tcp-control": 2}


def test_several_messages_in_a_segment(decoder: Reader) -> None:
    got = decoder(pcap(opened(out(STREAM))))
    assert got.rows("frame", "msg_id") == [(3, 0), (3, 1), (3, 2)]
    assert got.kinds == {"message": 1, "tcp-control": 2}


def test_an_octet_at_a_time(decoder: Reader) -> None:
    got = decoder(pcap(opened(*(out(STREAM[i : i + 1], 1 + i) for i in range(len(STREAM))))))
    ends = list(itertools.accumulate(LENGTHS))
    assert [f for (f,) in got.rows("frame")] == [2 + e for e in ends]
    assert got.kinds == {"message": 3, "part": len(STREAM) - 3, "tcp-control": 2}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_any_order(decoder: Reader, order: tuple[int, ...]) -> None:
    parts = pieces(STREAM, 1, 20, 50)
    got = decoder(pcap(opened(*(out(parts[i][1], parts[i][0]) for i in order))))
    assert names(got) == list(NAMES)
    assert set(got.kinds) <= {"message", "part", "tcp-control"}
    assert {a for (a,) in got.rows("anomalies")} == {0}


def test_random_overlapping_retransmissions(decoder: Reader) -> None:
    dice = random.Random(5)
    for _ in range(10):
        cuts = [(a, a + dice.randrange(10, 40)) for a in range(0, len(STREAM), 10)] + [(0, 30)]
        dice.shuffle(cuts)
        got = decoder(pcap(opened(*(out(STREAM[a:b], 1 + a) for a, b in cuts))))
        assert names(got) == list(NAMES)
        assert not any(a for (a,) in got.rows("anomalies"))


def test_octets_that_came_first_count(decoder: Reader) -> None:
    first = LENGTHS[0]
    forged = STREAM[:first].replace(b"one", b"0wn")
    got = decoder(pcap(opened(out(STREAM[:first]), out(forged), out(STREAM[first:], 1 + first))))
    assert names(got) == list(NAMES)
    assert got.rows("anomalies") == [(0,), (0,), (0,)]  # the first message was gone when the forgery came
    got = decoder(pcap(opened(out(STREAM[:25]), out(forged[:25]), out(STREAM[25:], 26))))
    assert names(got) == list(NAMES)
    assert got.rows("anomalies") == [(Anomaly.CONFLICTING_OVERLAP,), (0,), (0,)]


def test_copies_on_other_interfaces_are_repeats(decoder: Reader) -> None:
    packets = [p for n in (2, 3) for p in (sll2(out(STREAM)[14:], n),)]
    got = decoder(pcap([sll2(out(seq=0, flags=SYN)[14:], 2), *packets], 276))
    assert got.rows("frame") == [(2,), (2,), (2,)]
    assert got.kinds == {"message": 1, "part": 1, "tcp-control": 1}
    assert got.table(got.connections, "segments", "repeats", "bytes_out") == [(3, 1, len(STREAM))]


def test_inside_a_tunnel_and_outside_is_one_connection(decoder: Reader) -> None:
    tunnelled = ethernet(ipv4(udp(vxlan(out(STREAM[30:], 31)), 50000, 4789)))
    got = decoder(pcap(opened(out(STREAM[:30]), tunnelled)))
    assert names(got) == list(NAMES)
    assert len(got.connections) == 1


def test_joined_in_the_middle(decoder: Reader) -> None:
    cut = LENGTHS[0] - 9
    got = decoder(pcap([out(STREAM[cut:], 1 + cut)]))
    assert names(got) == list(NAMES[1:])
    assert got.rows("anomalies", "tcp_seq") == [
        (Anomaly.RESYNCHRONISED, 1001 + LENGTHS[0]),
        (0, 1001 + sum(LENGTHS[:2])),
    ]
    assert got.notes == {"tcp-dropped-octets": 9}


def test_joined_at_a_message(decoder: Reader) -> None:
    assert names(decoder(pcap([out(STREAM[:10]), out(STREAM[10:], 11)]))) == list(NAMES)


def test_a_lost_segment_is_waited_for_and_then_given_up(decoder: Reader) -> None:
    first, second = LENGTHS[0], sum(LENGTHS[:2])
    lost: list[bytes | Frame] = [out(STREAM[:first]), at(out(STREAM[second:], 1 + second), SECOND)]
    late = at(out(STREAM[first:second], 1 + first), 2 * SECOND)
    got = decoder(pcap(opened(*lost, late)))
    assert names(got) == list(NAMES)
    assert [f for (f,) in got.rows("frame")] == [3, 5, 5]
    too_late = at(out(STREAM[first:second], 1 + first), 4 * SECOND)
    got = decoder(pcap(opened(*lost, too_late)))
    assert got.rows("frame", "qname", "anomalies") == [(3, NAMES[0], 0), (4, NAMES[2], Anomaly.RESYNCHRONISED)]
    assert got.table(got.connections, "gaps", "repeats") == [(1, 1)]
    got = decoder(pcap(opened(*lost)))  # the end gives it up too
    assert got.rows("frame", "qname") == [(3, NAMES[0]), (4, NAMES[2])]
    assert got.kinds == {"message": 2, "tcp-control": 2}


def test_much_that_waits_is_given_up_at_once(decoder: Reader) -> None:
    long = prefixed(query("x.example")) * 2500
    parts = [out(long[a : a + 1000], 1 + a) for a in range(1000, len(long), 1000)]
    got = decoder(pcap(opened(out(long[:900]), *parts)))
    ((gaps,),) = got.table(got.connections, "gaps")
    assert gaps == 1
    assert len(got.messages) > 2400


def test_a_sequence_number_far_away_starts_anew(decoder: Reader) -> None:
    got = decoder(pcap(opened(out(STREAM[: LENGTHS[0]]), out(STREAM, 3_000_000))))
    assert names(got) == [NAMES[0], *NAMES]
    assert [bool(a) for (a,) in got.rows("anomalies")] == [False, True, False, False]


def test_sequence_numbers_wrap(decoder: Reader) -> None:
    start = (1 << 32) - 1000 - 20
    parts = [out(seq=start - 1, flags=SYN), *(out(p, start + s - 1) for s, p in pieces(STREAM, 30, 60))]
    assert names(decoder(pcap(parts))) == list(NAMES)


def test_empty_and_tiny_messages(decoder: Reader) -> None:
    got = decoder(pcap(opened(out(b"\0\0" + prefixed(b"tiny")), out(STREAM, 9))))
    assert names(got) == list(NAMES)
    assert got.kinds == {"message": 1, "skipped.dns-header": 1, "tcp-control": 2}
    assert got.notes == {"zero-length-messages": 1}


def test_a_keepalive_is_a_repeat(decoder: Reader) -> None:
    got = decoder(pcap(opened(out(STREAM[:10]), out(b"\xff", 10), out(STREAM[10:], 11))))
    assert names(got) == list(NAMES)
    assert not any(a for (a,) in got.rows("anomalies"))
    assert got.table(got.connections, "repeats") == [(1,)]


def test_cut_by_the_snap_length(decoder: Reader) -> None:
    packet = out(STREAM[: LENGTHS[0]])
    rest = out(STREAM[LENGTHS[0] :], 1 + LENGTHS[0])
    got = decoder(pcap([out(seq=0, flags=SYN), at(packet, 1, len(packet) - 6), at(rest, 2)]))
    assert names(got) == [".", NAMES[1], NAMES[2]]
    assert [Anomaly(a) for (a,) in got.rows("anomalies")] == [Anomaly.CUT, Anomaly(0), Anomaly(0)]
    assert got.rows("size")[0] == (LENGTHS[0] - 2,)


def test_connection_facts(decoder: Reader) -> None:
    answer = prefixed(response("one.example", ident=0))
    end = 1 + LENGTHS[0]
    got = decoder(
        pcap(
            [
                *opened(out(STREAM[: LENGTHS[0]]), back(answer), out(STREAM[: LENGTHS[0]])),
                out(seq=end, flags=FIN | ACK),
                back(seq=1 + len(answer), flags=RST),
            ]
        )
    )
    ms = 1_000_000
    columns = "flow frame src_addr src_port dst_port first_ns last_ns syn_ns synack_ns fin_ns rst_ns".split()
    times = (START_NS, START_NS + 6 * ms, START_NS, START_NS + ms, START_NS + 5 * ms, START_NS + 6 * ms)
    assert got.table(got.connections, *columns) == [(0, 1, CLIENT, 40000, 53, *times)]
    counts = "messages_out messages_in bytes_out bytes_in segments repeats gaps evicted rst_by_dst".split()
    assert got.table(got.connections, *counts) == [(1, 1, LENGTHS[0], len(answer), 7, 1, 0, 0, 1)]


@pytest.mark.parametrize(
    "first",
    [back(seq=0, flags=SYN | ACK), back(prefixed(response())), out(STREAM), out(flags=FIN)],
    ids=["syn-ack", "answer", "query", "fin"],
)
def test_who_opened_is_known_from_any_first_segment(decoder: Reader, first: bytes) -> None:
    got = decoder(pcap([first]))
    assert got.table(got.connections, "src_addr", "dst_addr", "dst_port") == [(CLIENT, SERVER, 53)]


def test_the_same_ports_again_are_a_new_connection(decoder: Reader) -> None:
    again = [out(seq=5000, flags=SYN), out(STREAM, 5001)]
    got = decoder(pcap(opened(out(STREAM), out(seq=0, flags=SYN), *again)))
    assert sorted({f for (f,) in got.rows("flow")}) == [0, 1]
    assert got.table(got.connections, "flow", "segments") == [(0, 4), (1, 2)]


def test_closed_connections_are_handed_over_after_10_s(decoder: Reader) -> None:
    closing = [at(out(flags=RST), 0), at(out(port=40001), 10 * SECOND), at(out(port=40001), 10 * SECOND + 1)]
    got = decoder(pcap(closing), batch_rows=1)
    assert [b.connections.flow.tolist() for b in got.batches] == [[0], [1]]
    assert got.table(got.connections, "evicted") == [(0,), (0,)]


def test_connections_are_bounded(decoder: Reader) -> None:
    got = decoder(pcap([out(flags=SYN, port=40000 + n) for n in range(5)]), max_connections=2)
    assert got.table(got.connections, "flow", "evicted") == [(0, 1), (1, 1), (2, 1), (3, 0), (4, 0)]
    assert got.notes == {"tcp-evicted": 3}


def test_octets_that_wait_are_bounded(decoder: Reader) -> None:
    packets = [p for n in range(4) for p in (out(seq=0, flags=SYN, port=n + 1), out(STREAM[:20], port=n + 1))]
    got = decoder(pcap(packets), max_tcp_bytes=300)
    assert got.notes == {"tcp-evicted": 2, "tcp-dropped-octets": 80}
    assert got.kinds == {"tcp-control": 4, "skipped.tcp-gap": 4}


def test_over_several_files(decoder: Reader) -> None:
    got = decoder(pcap(opened(out(STREAM[:40]))), pcap([out(STREAM[40:], 41)]))
    assert got.rows("file", "frame", "qname")[1:] == [(1, 1, NAMES[1]), (1, 1, NAMES[2])]


def test_bad_headers_and_other_ports(decoder: Reader) -> None:
    bad = bytearray(out(STREAM))
    bad[14 + 20 + 12] = 0x40
    llmnr = ethernet(ipv4(tcp(STREAM, 1, 40000, 5355), CLIENT, SERVER, 6))
    web = ethernet(ipv4(tcp(STREAM, 1, 40000, 80), CLIENT, SERVER, 6))
    got = decoder(pcap([bytes(bad), out()[: 14 + 20 + 19], llmnr, web]))
    assert got.kinds == {"skipped.malformed-transport": 2, "llmnr": 1, "other": 1}
