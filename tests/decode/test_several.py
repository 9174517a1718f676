"""Batches of several decoders under shared ids: names and addresses meet, flows and interfaces stay apart."""

from __future__ import annotations

import numpy as np

from analyzer.decode.several import Adopter
from analyzer.messages import (
    AddressTable,
    AnswerBatch,
    ConnectionBatch,
    Decoded,
    InterfaceInfo,
    MessageBatch,
    NameTree,
    NewAddresses,
    NewNames,
    QuoteBatch,
)


def packed(*octets: int) -> bytes:
    return b"\x04" + bytes(octets) + bytes(12)


def batch(first: int, labels: list[bytes], parents: list[int], addresses: bytes, **columns: int) -> Decoded:
    ends = np.cumsum([len(label) for label in labels])
    return Decoded(
        MessageBatch({name: np.array([value]) for name, value in columns.items()}),
        NewNames(first, np.array(parents, np.uint32), ends.astype(np.uint32), b"".join(labels)),
        NewAddresses(first, addresses),
        AnswerBatch(),
        ConnectionBatch({"flow": np.array([columns["flow"]]), "src_addr": np.array([columns["src_addr"]])}),
        QuoteBatch(),
    )


def test_a_single_decoder_keeps_its_ids() -> None:
    names, addresses = NameTree(), AddressTable()
    one = batch(1, [b"org", b"a"], [0, 1], packed(10, 0, 0, 1), qname=2, src_addr=1, flow=5, interface=3)
    adopted = Adopter(names, addresses).adopt(one)
    assert adopted is one
    assert (names.text(2), addresses.text(1)) == ("a.org", "10.0.0.1")


def test_two_decoders_share_names_and_addresses() -> None:
    names, addresses = NameTree(), AddressTable()
    left, right = Adopter(names, addresses, 0, 2), Adopter(names, addresses, 1, 2)
    one = left.adopt(batch(1, [b"org", b"a"], [0, 1], packed(10, 0, 0, 1), qname=2, src_addr=1, flow=5, interface=3))
    other = right.adopt(
        batch(
            1,
            [b"net", b"ORG", b"A"],
            [0, 0, 2],
            packed(10, 0, 0, 2) + packed(10, 0, 0, 1),
            qname=3,
            src_addr=2,
            flow=5,
            interface=3,
        )
    )
    assert names.text(int(one.messages.qname[0])) == names.text(int(other.messages.qname[0])) == "a.org"
    assert one.messages.qname[0] == other.messages.qname[0]
    assert addresses.text(int(other.messages.src_addr[0])) == "10.0.0.1"
    assert one.messages.flow[0] != other.messages.flow[0]
    assert other.connections.flow[0] == other.messages.flow[0]
    info = InterfaceInfo(id=3, file=0, linktype=1, snaplen=0)
    assert right.interface(info).id == other.messages.interface[0] != left.interface(info).id


def test_later_batches_build_on_earlier_ones() -> None:
    names, addresses = NameTree(), AddressTable()
    names.add_text("already.there")
    adopter = Adopter(names, addresses, 0, 2)
    adopter.adopt(batch(1, [b"org"], [0], packed(10, 0, 0, 1), qname=1, src_addr=1, flow=0, interface=0))
    later = adopter.adopt(batch(2, [b"b"], [1], packed(10, 0, 0, 9), qname=2, src_addr=2, flow=0, interface=0))
    assert names.text(int(later.messages.qname[0])) == "b.org"
    assert addresses.text(int(later.messages.src_addr[0])) == "10.0.0.9"
