"""The ledger in words."""

from __future__ import annotations

from analyzer.messages import InterfaceInfo, Ledger
from analyzer.report.ledger import WORDS, drops, link_name, skipped, what_was_there

LEDGER = Ledger(
    total=10, frames={"message": 0, "other": 4, "mdns": 1, "skipped.link-type-147": 3, "skipped.snaplen": 2}
)


def test_what_was_there_names_the_most_first_and_nothing_that_was_not() -> None:
    assert what_was_there(LEDGER) == "4 not DNS, 3 unknown link type LINKTYPE 147, 2 cut by the snap length, 1 mDNS"
    assert what_was_there(Ledger()) == "no packets"


def test_skipped_is_what_could_not_be_read() -> None:
    assert skipped(LEDGER) == {"unknown link type LINKTYPE 147": 3, "cut by the snap length": 2}


def test_every_key_of_the_contract_has_its_words() -> None:
    contract = Ledger.__doc__ or ""
    assert [key for key in WORDS if key.removeprefix("skipped.") not in contract] == []


def test_drops_of_all_interfaces_are_added() -> None:
    infos = [
        InterfaceInfo(0, 0, 1, 0, drops={"ifdrop": 3, "ifrecv": 100}),
        InterfaceInfo(1, 0, 1, 0, drops={"osdrop": 4}),
    ]
    assert drops(infos) == 7
    assert drops([InterfaceInfo(0, 0, 1, 0)]) == 0


def test_link_types_have_tcpdumps_names() -> None:
    assert (link_name(1), link_name(276), link_name(147)) == ("EN10MB", "LINUX_SLL2", "LINKTYPE 147")
