"""pcap and pcapng in all their forms give the same frames; damage ends a file in words, never in an exception."""

from __future__ import annotations

import struct

import pytest

from analyzer.errors import NotACapture
from analyzer.messages import DecodeOptions
from tests.builders import (
    START_NS,
    at,
    block,
    epb,
    ethernet,
    idb,
    ipv4,
    isb,
    options,
    packet_block,
    pcap,
    pcapng,
    query,
    shb,
    spb,
    udp,
)
from tests.decode.runs import Make, Reader

PACKET = ethernet(ipv4(udp(query())))
ROW = (1, START_NS, "www.example.org")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [{}, {"nano": True}, {"modified": True}, {"minor": 2}])
def test_every_pcap_gives_the_same_row(decoder: Reader, order: str, kind: dict[str, bool]) -> None:
    got = decoder(pcap([PACKET, PACKET], order=order, **kind))
    assert got.rows("frame", "time_ns", "qname") == [ROW, (2, START_NS + 1_000_000, "www.example.org")]
    info = got.decoder.captures[0]
    assert info.format == ("pcap-modified" if "modified" in kind else "pcap")
    assert info.byte_order == ("little" if order == "<" else "big")
    assert (info.frames, info.resolution_ns, info.damage) == (2, 1 if "nano" in kind else 1000, "")
    assert (info.first_ns, info.last_ns) == (START_NS, START_NS + 1_000_000)


def test_the_upper_half_of_the_link_type_is_not_the_link_type(decoder: Reader) -> None:
    got = decoder(pcap([PACKET], linktype=0x5400_0001))  # FCS of 5 words
    assert got.decoder.captures[0].linktypes == (1,)
    assert len(got.messages) == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_blocks_of_packets(decoder: Reader, order: str) -> None:
    data = shb(order) + idb(order=order) + epb(PACKET, order=order) + packet_block(PACKET, order=order, after_ns=1000)
    data += spb(PACKET, order=order)  # has no time: takes the frame's before
    data += block(0x0BAD, b"what is this", order) + epb(PACKET, order=order)
    got = decoder(data)
    assert got.rows("frame", "time_ns") == [(1, START_NS), (2, START_NS + 1000), (3, START_NS + 1000), (4, START_NS)]


def test_sections_may_change_byte_order_and_start_interfaces_anew(decoder: Reader) -> None:
    one = shb("<") + idb(1, order="<") + epb(PACKET)
    two = shb(">") + idb(101, order=">") + epb(PACKET[14:], order=">")
    got = decoder(one + two)
    assert got.rows("frame", "interface") == [(1, 0), (2, 1)]
    assert [i.linktype for i in got.decoder.interfaces] == [1, 101]
    assert got.decoder.captures[0].linktypes == (1, 101)


def test_a_frame_of_an_interface_that_was_never_declared(decoder: Reader) -> None:
    assert decoder(shb() + idb() + epb(PACKET, interface=1)).kinds == {"skipped.malformed-link": 1}


def test_simple_packets_are_cut_by_the_snap_length(decoder: Reader) -> None:
    got = decoder(shb() + idb(snaplen=60) + spb(PACKET[:60], length=len(PACKET)))
    assert got.rows("frame", "time_ns", "present", "anomalies") == [(1, 0, 1 << 4, 1)]


@pytest.mark.parametrize(
    ("resolution", "units"),
    [(b"\x06", 1000), (b"\x09", 1), (b"\x03", 1_000_000), (b"\x00", 10**9), (b"\x80", 10**9)],
)
def test_time_resolution(decoder: Reader, resolution: bytes, units: int) -> None:
    data = shb() + idb(extra=options(_9=resolution)) + epb(PACKET, units=units)
    assert decoder(data).rows("time_ns") == [(START_NS,)]


def test_binary_resolution_and_offset(decoder: Reader) -> None:
    extra = options(_9=b"\x8a", _14=struct.pack("<q", -100))  # units of 1/1024 s, 100 s early
    stamp = 5 * 1024 + 1
    body = struct.pack("<5I", 0, 0, stamp, len(PACKET), len(PACKET)) + PACKET
    got = decoder(shb() + idb(extra=extra) + block(6, body))
    assert got.rows("time_ns") == [((5 - 100) * 10**9 + 10**9 // 1024,)]


def test_finer_than_nanoseconds_is_floored(decoder: Reader) -> None:
    body = struct.pack("<5I", 0, 0, 1_999_999, len(PACKET), len(PACKET)) + PACKET
    got = decoder(shb() + idb(extra=options(_9=b"\x0c")) + block(6, body))
    assert got.rows("time_ns") == [(1999,)]
    assert got.decoder.captures[0].resolution_ns == 1


def test_interface_options_and_counters(decoder: Reader) -> None:
    extra = options(_2=b"eth0", _3=b"uplink\0\0", _11=b"\0port 53")
    counters = options(_4=struct.pack("<Q", 100), _5=struct.pack("<Q", 7))
    later = options(_5=struct.pack("<Q", 9))
    got = decoder(shb(extra=options(_4=b"dumpcap")) + idb(1, 96, extra=extra) + isb(extra=counters) + isb(extra=later))
    eth0 = got.decoder.interfaces[0]
    assert (eth0.name, eth0.description, eth0.filter, eth0.snaplen) == ("eth0", "uplink", "port 53", 96)
    assert dict(eth0.drops) == {"ifrecv": 100, "ifdrop": 9}
    assert got.decoder.captures[0].application == "dumpcap"
    assert got.batches == []


@pytest.mark.parametrize("container", [pcap, pcapng])
def test_cut_inside_a_frame(decoder: Reader, container: object) -> None:
    whole = pcap([PACKET, PACKET]) if container is pcap else pcapng([PACKET, PACKET])
    got = decoder(whole[:-20])
    assert got.rows("frame") == [(1,)]
    assert got.decoder.captures[0].damage == "cut short in frame 2"
    assert got.kinds == {"message": 1}


def test_cut_inside_another_block(decoder: Reader) -> None:
    got = decoder(pcapng([PACKET]) + isb()[:10])
    assert got.decoder.captures[0].damage == "cut short after frame 1"


def test_a_length_out_of_bounds_ends_the_file(decoder: Reader) -> None:
    bad = struct.pack("<4I", 0, 0, 300_000, 300_000)
    got = decoder(pcap([PACKET]) + bad + bytes(300_000) + pcap([PACKET])[24:])
    assert (got.decoder.captures[0].damage, got.kinds) == ("bad length in frame 2", {"message": 1})


def test_blocks_that_contradict_themselves_end_the_file(decoder: Reader) -> None:
    broken = bytearray(epb(PACKET))
    broken[-4:] = b"\xff\xff\xff\xff"
    got = decoder(pcapng([PACKET]) + bytes(broken) + epb(PACKET))
    assert (got.decoder.captures[0].damage, len(got.messages)) == ("bad block after frame 1", 1)


@pytest.mark.parametrize("data", [b"", b"\xd4", pcap([])[:23], pcapng([])[:27], b"GIF89a", b"\n\r\r\n" + bytes(30)])
def test_what_is_no_capture(decoder: Reader, data: bytes) -> None:
    with pytest.raises(NotACapture):
        decoder(data)


def test_after_a_file_that_is_no_capture_the_next_is_read(make: Make) -> None:
    decoder = make(DecodeOptions())
    decoder.open(0)
    with pytest.raises(NotACapture):
        decoder.feed(b"not a capture at all")
    decoder.open(1)
    with pytest.raises(NotACapture):
        decoder.open(2)  # file 1 was empty
    decoder.open(2)
    assert decoder.feed(pcap([PACKET])) == []
    (batch,) = decoder.finish()
    assert batch.messages.file.tolist() == [2]
    assert [c.file for c in decoder.captures] == [2]


@pytest.mark.parametrize("chunk", [1, 7])
@pytest.mark.parametrize("data", [pcap([PACKET] * 3), pcapng([PACKET] * 3), pcap([at(PACKET, 0, 50)])[:-3]])
def test_pieces_of_any_size(decoder: Reader, chunk: int, data: bytes) -> None:
    whole, pieces = decoder(data), decoder(data, chunk=chunk)
    assert whole.rows("frame", "time_ns", "qname_hash") == pieces.rows("frame", "time_ns", "qname_hash")
    assert whole.decoder.captures == pieces.decoder.captures


def test_batches_end_at_the_asked_size(decoder: Reader) -> None:
    got = decoder(pcap([PACKET] * 5), batch_rows=2)
    assert [len(b.messages) for b in got.batches] == [2, 2, 1]
    assert [len(b.names) for b in got.batches] == [3, 0, 0]


def test_interfaces_past_the_cap_declare_nothing(decoder: Reader) -> None:
    got = decoder(shb() + idb() + idb() + epb(PACKET) + epb(PACKET, interface=1), max_interfaces=1)
    assert got.kinds == {"message": 1, "skipped.malformed-link": 1}
    assert len(got.decoder.interfaces) == 1


def test_flush_hands_over_what_there_is_and_goes_on(make: Make) -> None:
    decoder = make(DecodeOptions())
    data = pcap([PACKET] * 3)
    decoder.open(0)
    assert decoder.feed(data[: -len(PACKET)]) == []
    (batch,) = decoder.flush()
    assert batch.messages.frame.tolist() == [1, 2]
    assert decoder.flush() == []
    assert decoder.feed(data[-len(PACKET) :]) == []
    (rest,) = decoder.finish()
    assert rest.messages.frame.tolist() == [3]
    assert (len(rest.names), rest.names.first) == (0, 4)
