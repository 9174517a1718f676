"""`dnsloupe messages`."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
HEADER = (
    "frame time_ns src_addr src_port dst_addr dst_port transport msg_id qr opcode rcode tc qname qtype qclass "
    "qdcount ancount nscount arcount size anomalies"
).split()


def table(text: str) -> list[dict[str, str]]:
    head, *rows = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_one_row_a_message_with_the_fixed_columns(dnsloupe: Run, capture: Path) -> None:
    code, out, err = dnsloupe("messages", capture)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split("\t") == HEADER
    rows = table(out)
    assert [(r["frame"], r["qname"], r["qr"], r["rcode"], r["ancount"]) for r in rows] == [
        ("1", "www.example.org", "0", "NOERROR", "0"),
        ("2", "www.example.org", "1", "NOERROR", "1"),
        ("4", "no.example.net", "0", "NOERROR", "0"),
        ("5", "no.example.net", "1", "NXDOMAIN", "0"),
    ]
    assert {r["anomalies"] for r in rows} == {"-"}


def test_columns_are_chosen_and_ordered(dnsloupe: Run, capture: Path) -> None:
    _, out, _ = dnsloupe("messages", capture, "--columns", "qname,frame,qname_wire", "--limit", "1")
    assert out == "qname\tframe\tqname_wire\nwww.example.org\t1\t03777777076578616d706c65036f726700\n"


def test_columns_help_lists_all_with_units(dnsloupe: Run) -> None:
    code, out, _ = dnsloupe("messages", "--columns", "help")
    assert code == 0
    listed = {line.split()[0] for line in out.splitlines()}
    assert {*HEADER, "qname_wire", "payload_hash", "soa_minimum"} <= listed


def test_an_unknown_column_is_exit_2(dnsloupe: Run, capture: Path) -> None:
    assert dnsloupe("messages", capture, "--columns", "frame,nonsense")[:2] == (2, "")


def test_json_lines_and_csv(dnsloupe: Run, capture: Path) -> None:
    _, out, _ = dnsloupe("messages", capture, "-o", "jsonl")
    assert [json.loads(line)["frame"] for line in out.splitlines()] == [1, 2, 4, 5]
    _, out, _ = dnsloupe("messages", capture, "-o", "csv", "--columns", "frame,rcode")
    assert out == "frame,rcode\n1,NOERROR\n2,NOERROR\n4,NOERROR\n5,NXDOMAIN\n"


@pytest.mark.parametrize(
    ("words", "frames"),
    [
        ("--name example.org", "1 2"),
        ("--name *.net", "4 5"),
        ("--rcode NXDOMAIN", "5"),
        ("--only queries", "1 4"),
        ("--qtype AAAA", ""),
        ("--client 10.0.0.0/8 --only responses", "2 5"),
        ("--server 10.9.9.9", ""),
        ("--since +3ms", "4 5"),
        ("--until +0.003", "1 2"),
        ("--since 2023-11-14T22:13:20.003Z", "4 5"),
    ],
)
def test_filters_of_messages_compose(dnsloupe: Run, capture: Path, words: str, frames: str) -> None:
    code, out, _ = dnsloupe("messages", capture, "--columns", "frame", *words.split())
    assert code == 0  # DNS was there: an empty selection is an answer
    assert out.split()[1:] == frames.split()


def test_answers_are_records_in_presentation_form(dnsloupe: Run, capture: Path) -> None:
    _, out, _ = dnsloupe("messages", capture, "--answers", "--columns", "frame,section,owner,rtype,ttl,rdata")
    assert out.splitlines()[1:] == ["2\tanswer\twww.example.org\tA\t300\t192.0.2.7"]
    _, out, _ = dnsloupe("messages", capture, "--answers", "--name", "example.net")
    assert len(out.splitlines()) == 1


def test_compressed_input_and_output_file(dnsloupe: Run, capture: Path, tmp_path: Path) -> None:
    packed, target = tmp_path / "x", tmp_path / "out.tsv"
    packed.write_bytes(gzip.compress(capture.read_bytes()))
    assert dnsloupe("messages", "-r", packed, "-O", target) == (0, "", "")
    assert len(target.read_text().splitlines()) == 5
    code, _, err = dnsloupe("messages", capture, "-O", tmp_path)
    assert (code, err) == (2, f"dnsloupe: {tmp_path}: is a directory\n")


@pytest.mark.program("tcpdump")
@pytest.mark.parametrize(
    "expression",
    [
        "port 53",
        "udp port 53 and host 192.168.1.1",
        "tcp",
        "src host 192.168.1.1",
        "not port 53",
        "udp[10] & 0x80 != 0",
        "less 100",
        "ip[8] < 64",
        "host 192.168.1.1 and (tcp or udp)",
        "dst port 53 and not src net 10.0.0.0/8",
        "ip6",
        "icmp",
    ],
)
@pytest.mark.parametrize("sample", ["nodelocaldns-incident.pcap", "self-loop.pcap", "vxlan-underlay.pcap"])
def test_a_filter_selects_the_frames_that_tcpdump_selects(
    samples: Path, tmp_path: Path, sample: str, expression: str
) -> None:
    from analyzer.options import AnalyzeOptions
    from analyzer.pipeline import Reading

    program = shutil.which("tcpdump")
    assert program is not None
    done = subprocess.run(
        [program, "-nr", str(samples / sample), "-w", str(tmp_path / "x"), expression],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    reading = Reading([str(samples / sample)], AnalyzeOptions(bpf=expression))
    for _ in reading:
        pass
    kept = reading.ledger.total - reading.ledger.frames.get("filtered", 0)
    data = (tmp_path / "x").read_bytes()
    at, count = 24, 0
    while at < len(data):
        at, count = at + 16 + int.from_bytes(data[at + 8 : at + 12], "little"), count + 1
    assert kept == count
