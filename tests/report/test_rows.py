"""Messages as lines: names of types, absent values, every format, and every column of the contract."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import COLUMNS, AddressTable, MessageBatch, NameTree, Present
from analyzer.report.rows import DEFAULT, FIELDS, Formatter, Texts


def made(numeric: bool = False) -> tuple[MessageBatch, Texts]:
    names, addresses = NameTree(), AddressTable()
    ids = [names.add_text(name) for name in ("WWW.Example.ORG", r"a\.b\032c.example.org", "-", ".")]
    hosts = [addresses.add(address) for address in ("10.0.0.1", "2001:db8::53")]
    batch = MessageBatch(
        {
            "frame": np.array([1, 2, 3, 4, 5]),
            "time_ns": np.array([1_795_367_858_607_028_001, 0, -1, 2**62, 5]),
            "src_addr": np.array([hosts[0]] * 5),
            "dst_addr": np.array([hosts[1]] * 5),
            "flags": np.array([0x0100, 0x8583, 0x8200, 0x3000, 0x7800], np.uint16),
            "transport": np.array([0, 0, 1, 0, 0]),
            "qname": np.array([*ids, 0]),
            "qtype": np.array([1, 65280, 28, 2, 77]),
            "qclass": np.array([1, 3, 1, 255, 9]),
            "qname_hash": np.array([2**64 - 1, 1, 2, 3, 4], np.uint64),
            "edns_flags": np.array([0x8000, 0, 0, 0, 0]),
            "anomalies": np.array([0, int(Anomaly.POINTER_LOOP | Anomaly.CUT), 0, 0, int(Anomaly.NO_QUESTION)]),
            "present": np.array([int(Present.QUESTION | Present.EDNS)] + [int(Present.QUESTION)] * 3 + [0]),
        }
    )
    return batch, Texts(names, addresses, numeric)


def rows(columns: str, form: str = "tsv", numeric: bool = False) -> list[list[str]]:
    batch, texts = made(numeric)
    formatter = Formatter([FIELDS[name] for name in columns.split()], texts, form)
    lines = (formatter.header() + "".join(formatter.lines(batch))).splitlines()
    return [line.split("\t") for line in lines]


def test_codes_are_iana_mnemonics_and_what_has_no_name_is_numbered() -> None:
    assert rows("qtype qclass opcode rcode")[1:] == [
        ["A", "IN", "QUERY", "NOERROR"],
        ["TYPE65280", "CH", "QUERY", "NXDOMAIN"],
        ["AAAA", "IN", "QUERY", "NOERROR"],
        ["NS", "ANY", "DSO", "NOERROR"],
        ["-", "-", "OPCODE15", "NOERROR"],
    ]


def test_numeric_prints_numbers_but_keeps_the_transport_a_word() -> None:
    assert rows("qtype opcode rcode transport", numeric=True)[2:4] == [
        ["65280", "0", "3", "udp"],
        ["28", "0", "0", "tcp"],
    ]


def test_names_are_in_presentation_form_and_absent_only_without_a_question() -> None:
    assert [row[0] for row in rows("qname")[1:]] == ["www.example.org", r"a\.b\032c.example.org", "-", ".", "-"]
    wires = [row[0] for row in rows("qname_wire")[1:]]
    assert wires[0] == "0377777707657861 6d706c65036f726700".replace(" ", "")
    assert wires[1:] == ["05612e622063076578616d706c65036f726700", "012d00", "00", "-"]


def test_header_bits_times_and_anomalies() -> None:
    assert rows("qr aa tc rd ra do time anomalies")[1:4] == [
        ["0", "0", "0", "1", "0", "1", "2026-11-22T17:17:38.607028001Z", "-"],
        ["1", "1", "0", "1", "1", "-", "1970-01-01T00:00:00.000000000Z", "cut,pointer-loop"],
        ["1", "0", "1", "0", "0", "-", "1969-12-31T23:59:59.999999999Z", "-"],
    ]


def test_unsigned_64_bit_values_are_whole() -> None:
    assert rows("qname_hash")[1] == [str(2**64 - 1)]


def test_json_lines_have_numbers_texts_and_null() -> None:
    batch, texts = made()
    formatter = Formatter([FIELDS[name] for name in DEFAULT], texts, "jsonl")
    first, *_, last = (json.loads(line) for line in "".join(formatter.lines(batch)).splitlines())
    assert formatter.header() == ""
    assert (first["frame"], first["src_addr"], first["qtype"], first["qr"]) == (1, "10.0.0.1", "A", 0)
    assert (last["qname"], last["qtype"], last["anomalies"]) == (None, None, "no-question")
    assert json.loads("".join(formatter.lines(batch)).splitlines()[2])["qname"] == "-"  # a name, not the lack of one


def test_csv_reads_back() -> None:
    batch, texts = made()
    formatter = Formatter([FIELDS["qname"], FIELDS["anomalies"]], texts, "csv")
    read = list(csv.reader(io.StringIO(formatter.header() + "".join(formatter.lines(batch)))))
    assert read[0] == ["qname", "anomalies"]
    assert read[2] == [r"a\.b\032c.example.org", "cut,pointer-loop"]


@pytest.mark.parametrize("form", ["tsv", "csv", "jsonl"])
def test_every_column_of_the_contract_can_be_printed(form: str) -> None:
    batch, texts = made()
    formatter = Formatter(list(FIELDS.values()), texts, form)
    assert len("".join(formatter.lines(batch)).splitlines()) == 5
    assert list(formatter.lines(batch.take(slice(0, 0)))) == []
    assert {column.name for column in COLUMNS} <= set(FIELDS)
