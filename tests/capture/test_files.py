"""Inputs: opened by content, ordered by time, grouped into chains; and one line for each that cannot be read."""

from __future__ import annotations

import gzip
import io
import os
import struct
from pathlib import Path

import pytest

from analyzer.capture import files
from analyzer.errors import InputError

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def capture(first: int, last: int) -> bytes:
    return HEADER + b"".join(struct.pack("<IIII", t, 0, 4, 4) + b"dns." for t in range(first, last + 1))


def write(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def names(inputs: files.Inputs) -> list[list[str]]:
    return [[Path(source.name).name for _, source in chain] for chain in inputs.chains]


def test_a_plain_file_comes_out_as_it_is_and_counts_what_was_read(tmp_path: Path) -> None:
    data = capture(100, 40_000)
    inputs = files.sources([write(tmp_path, "a.pcap", data)])
    source = inputs.chains[0][0][1]
    assert inputs.size == len(data)
    assert b"".join(source.chunks()) == data
    assert inputs.consumed == len(data)
    assert source.damage == ""


def test_compression_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    data = capture(100, 200)
    source = files.sources([write(tmp_path, "a.pcap", gzip.compress(data))]).chains[0][0][1]
    assert b"".join(source.chunks()) == data
    plain = files.sources([write(tmp_path, "b.pcap.gz", data)]).chains[0][0][1]
    assert b"".join(plain.chunks()) == data


def test_a_cut_gzip_gives_its_beginning_and_the_damage(tmp_path: Path) -> None:
    packed = gzip.compress(os.urandom(5000))
    source = files.sources([write(tmp_path, "a.gz", packed[:-100])]).chains[0][0][1]
    assert len(b"".join(source.chunks())) > 4000
    assert source.damage == "gzip data breaks off"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_ring_is_one_chain_in_order_of_time_whatever_the_order_given(tmp_path: Path, pack: type[bytes]) -> None:
    paths = [write(tmp_path, f"ring.pcap{i}", pack(capture(1000 + 10 * i, 1010 + 10 * i))) for i in (2, 0, 1)]
    inputs = files.sources(paths)
    assert names(inputs) == [["ring.pcap0", "ring.pcap1", "ring.pcap2"]]
    assert [number for number, _ in inputs.chains[0]] == [0, 1, 2]


def test_files_that_overlap_are_chains_of_their_own_and_rings_of_two_nodes_keep_apart(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, f"{node}-{i}.pcap", capture(1000 + 20 * i, 1020 + 20 * i))
        for i in range(3)
        for node in ("east", "west")
    ]
    assert sorted(names(files.sources(paths))) == [
        ["east-0.pcap", "east-1.pcap", "east-2.pcap"],
        ["west-0.pcap", "west-1.pcap", "west-2.pcap"],
    ]


def test_a_file_whose_times_cannot_be_told_comes_last_and_alone(tmp_path: Path) -> None:
    known = [write(tmp_path, "b.pcap", capture(50, 60)), write(tmp_path, "a.pcap", capture(70, 80))]
    inputs = files.sources([write(tmp_path, "odd", b"not a capture at all"), *known])
    assert names(inputs) == [["b.pcap", "a.pcap"], ["odd"]]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing.pcap", "no such file or directory"), (".", "is a directory"), ("empty.pcap", "the file is empty")],
)
def test_what_cannot_be_read_is_one_line_with_its_name(tmp_path: Path, name: str, reason: str) -> None:
    write(tmp_path, "empty.pcap", b"")
    path = str(tmp_path / name)
    with pytest.raises(InputError) as caught:
        files.sources([path])
    assert str(caught.value) == f"{path}: {reason}"
    good = write(tmp_path, "good.pcap", capture(1, 2))
    inputs = files.sources([path, good])
    assert [str(error) for error in inputs.failed] == [f"{path}: {reason}"]
    assert names(inputs) == [["good.pcap"]]


def test_a_fifo_is_read_once_from_its_beginning(tmp_path: Path) -> None:
    data = gzip.compress(capture(1, 50))
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    try:
        source = files.sources([f"/dev/fd/{reader}"]).chains[0][0][1]
        assert source.size is None
        assert b"".join(source.chunks()) == capture(1, 50)
    finally:
        os.close(reader)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path, "a.pcap", capture(1, 9))
    with Path(path).open("rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        source = files.sources(["-"]).chains[0][0][1]
        assert b"".join(source.chunks()) == capture(1, 9)
