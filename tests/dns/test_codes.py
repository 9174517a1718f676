"""Mnemonics against dnspython's registries, which were transcribed independently."""

from __future__ import annotations

import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

from analyzer.dns import classes, opcodes, rcodes, rrtypes


@pytest.mark.parametrize("known", list(dns.rdatatype.RdataType), ids=lambda t: t.name)
def test_types_are_spelled_as_dnspython_spells_them(known: dns.rdatatype.RdataType) -> None:
    if known.name == "TYPE0":
        return
    assert rrtypes.text(int(known)) == dns.rdatatype.to_text(known)


@pytest.mark.parametrize("number", [11, *range(11), *range(16, 24)])
def test_rcodes_are_spelled_as_dnspython_spells_them(number: int) -> None:
    assert rcodes.text(number) == dns.rcode.to_text(dns.rcode.Rcode(number))


def test_opcodes_and_classes() -> None:
    assert [opcodes.text(n) for n in range(7)] == ["QUERY", "IQUERY", "STATUS", "OPCODE3", "NOTIFY", "UPDATE", "DSO"]
    assert [classes.text(n) for n in (1, 3, 4, 254, 255, 17)] == ["IN", "CH", "HS", "NONE", "ANY", "CLASS17"]


@pytest.mark.parametrize("codes", [rrtypes.RRTYPES, rcodes.RCODES, opcodes.OPCODES, classes.CLASSES])
def test_every_mnemonic_parses_back(codes: object) -> None:
    for number, name in codes.mnemonics.items():  # type: ignore[attr-defined]  # one of four Codes
        assert codes.parse(name.lower()) == number == codes.parse(str(number))  # type: ignore[attr-defined]  # as above


def test_unknown_numbers_are_written_as_rfc_3597_does_and_parse_back() -> None:
    assert rrtypes.text(65280) == "TYPE65280"
    assert rrtypes.parse("type65280") == 65280
    assert rcodes.text(4000) == "RCODE4000"


@pytest.mark.parametrize("word", ["", "TYPE65536", "TYPE-1", "TYPE", "nonsense", "²"])
def test_what_is_no_type_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="unknown type"):
        rrtypes.parse(word)


def test_any_is_also_a_star() -> None:
    assert rrtypes.parse("*") == rrtypes.ANY
