"""The whole line on files: cut, joined, side by side, broken; what the report says must not depend on how it was fed."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import pipeline
from analyzer.errors import InputError, NothingToRead
from analyzer.options import AnalyzeOptions, Limits
from analyzer.report.json import document
from tests.builders import at, ethernet, frames, ipv4, pcap, query, response, udp

SAMPLES = Path(__file__).parent.parent / "samples"
RESULTS = "summary names bases suffixes clients servers qtypes rcodes edns search findings".split()


def analyzed(*paths: Path, **options: Any) -> dict[str, Any]:
    return document(pipeline.analyze([str(p) for p in paths], AnalyzeOptions(**options)))


def without_frames(value: Any) -> Any:
    """The same document without file and frame numbers, which differ where files are cut differently."""
    return without(value, set())


def without(value: Any, names: set[str]) -> Any:
    """The same document without these keys, and without file and frame numbers."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in names and not k.startswith(("frame", "file", "first_frame"))}
        return {k: without(v, names) for k, v in kept.items()}
    return [without(v, names) for v in value] if isinstance(value, list) else value


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name in RESULTS:
        assert without_frames(one[name]) == without_frames(other[name]), name


def records(data: bytes) -> Iterator[bytes]:
    at = 24
    while at < len(data):
        size = 16 + struct.unpack_from("<I", data, at + 8)[0]
        yield data[at : at + size]
        at += size


@pytest.fixture(scope="module")
def incident() -> bytes:
    return (SAMPLES / "self-loop.pcap").read_bytes()


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return analyzed(SAMPLES / "self-loop.pcap")


def test_a_ring_of_files_gives_what_one_file_gives(tmp_path: Path, incident: bytes, whole: dict[str, Any]) -> None:
    every = list(records(incident))
    third = len(every) // 3
    parts = [every[:third], every[third : 2 * third], every[2 * third :]]
    paths = []
    for number, part in enumerate(parts):
        paths.append(tmp_path / f"ring{number}.pcap")
        paths[-1].write_bytes(incident[:24] + b"".join(part))
    found = analyzed(*reversed(paths))  # the order on the command line does not matter
    assert found["ledger"]["total"] == whole["ledger"]["total"] == len(every)
    assert found["summary"]["queries"] == whole["summary"]["queries"]
    assert {f["key"]: f["count"] for f in found["findings"]} == {f["key"]: f["count"] for f in whole["findings"]}


RATES = {"per_min", "covered_s"}  # gaps between files are not covered


@settings(max_examples=6)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
def test_every_table_of_a_ring_cut_anywhere_is_that_of_one_file(cuts: list[int]) -> None:
    data, whole = (SAMPLES / "self-loop.pcap").read_bytes(), analyzed(SAMPLES / "self-loop.pcap")
    every = list(records(data))
    places = [0, *sorted(cut % len(every) for cut in cuts), len(every)]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (low, high) in enumerate(itertools.pairwise(places)):
            if high > low:
                paths.append(Path(folder) / f"ring{number}.pcap")
                paths[-1].write_bytes(data[:24] + b"".join(every[low:high]))
        found = analyzed(*paths)
    for name in RESULTS:
        assert without(found[name], RATES) == without(whole[name], RATES), name


@pytest.mark.native
@pytest.mark.parametrize("seed", ["1", "77"])
def test_a_run_is_the_same_to_the_octet_whatever_the_seed_of_hashes(seed: str) -> None:
    """Also with threads: two captures of one time are read side by side."""
    files = [SAMPLES / "vxlan-inner.pcap", SAMPLES / "vxlan-underlay.pcap"]
    printed = [
        subprocess.run(
            [sys.executable, "-m", "analyzer", "analyze", *files, "-o", "json", "--decoder", decoder],
            env=os.environ | {"PYTHONHASHSEED": hashes},
            capture_output=True,
            check=True,
        ).stdout
        for hashes, decoder in (("0", "auto"), (seed, "auto"), (seed, "reference"))
    ]
    assert len(printed[0]) > 10_000
    assert printed[1] == printed[0]
    native, reference = (json.loads(text) for text in printed[1:])
    assert [run["capture"].pop("decoder") for run in (native, reference)] == ["native", "reference"]
    assert native == reference


def test_files_side_by_side_give_what_one_file_gives(tmp_path: Path, incident: bytes, whole: dict[str, Any]) -> None:
    """UDP packets dealt out to two files, as two interfaces captured at once would be; TCP streams stay whole."""
    every = list(records(incident))
    udp_seen = 0
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for record in every:
        is_udp = record[16 + 20 + 9 : 16 + 20 + 10] == b"\x11"  # SLL2 header of 20 octets, then IPv4
        sides[udp_seen % 2 if is_udp else 0].append(record)
        udp_seen += is_udp
    paths = [tmp_path / "a.pcap", tmp_path / "b.pcap"]
    for path, side in zip(paths, sides, strict=True):
        path.write_bytes(incident[:24] + b"".join(side))
    assert min(map(len, sides)) > 10
    found = analyzed(*paths)
    assert found["summary"]["queries"] == whole["summary"]["queries"]
    assert {f["key"]: f["count"] for f in found["findings"]} == {f["key"]: f["count"] for f in whole["findings"]}


def test_compression_and_decoder_change_nothing(tmp_path: Path, incident: bytes, whole: dict[str, Any]) -> None:
    packed = tmp_path / "capture"
    packed.write_bytes(gzip.compress(incident))
    same(whole, analyzed(packed))
    same(whole, analyzed(SAMPLES / "self-loop.pcap", decoder="reference"))


def test_two_runs_are_equal(whole: dict[str, Any]) -> None:
    assert analyzed(SAMPLES / "self-loop.pcap") == whole


def test_one_bad_file_of_two_is_a_partial_result(tmp_path: Path, incident: bytes) -> None:
    good, bad, cut = tmp_path / "good.pcap", tmp_path / "bad.pcap", tmp_path / "cut.pcap"
    good.write_bytes(incident)
    bad.write_bytes(b"this is no capture at all")
    cut.write_bytes(incident[:-5])
    report = pipeline.analyze([str(good), str(bad)], AnalyzeOptions())
    assert report.partial
    assert [line.startswith(f"{bad}: ") for line in report.damage] == [True]
    assert pipeline.analyze([str(cut)], AnalyzeOptions()).damage[0].startswith(f"{cut}: ")


@pytest.mark.parametrize("data", [b"", b"\xd4", b"nonsense" * 10])
def test_no_capture_is_an_error_with_its_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"x\.pcap: ") as caught:
        pipeline.analyze([str(path)], AnalyzeOptions())
    assert "\n" not in str(caught.value)


def test_a_capture_without_dns_says_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "web.pcap"
    path.write_bytes(pcap(frames([ethernet(ipv4(udp(b"x" * 40, 40000, 443)))] * 3)))
    with pytest.raises(NothingToRead, match=r"web\.pcap: .*3"):
        pipeline.analyze([str(path)], AnalyzeOptions())


def test_covered_time_leaves_out_gaps_between_files(tmp_path: Path) -> None:
    packets = [ethernet(ipv4(udp(query()))), ethernet(ipv4(udp(response(), 53, 40000)))] * 5
    hour, second = 3_600_000_000_000, 1_000_000_000
    for name, begin in (("a.pcap", 0), ("b.pcap", hour)):
        part = [at(packet, begin + number * second) for number, packet in enumerate(packets)]
        (tmp_path / name).write_bytes(pcap(part))
    summary = analyzed(tmp_path / "a.pcap", tmp_path / "b.pcap")["summary"]
    assert summary["duration_s"] > 3600
    assert summary["covered_s"] == pytest.approx(18, abs=1)


def test_more_messages_in_a_minute_than_are_held_is_said(tmp_path: Path) -> None:
    packets = [
        at(ethernet(ipv4(udp(query(f"n{number}.test", ident=number)))), number * 10_000_000) for number in range(300)
    ]
    path = tmp_path / "dense.pcap"
    path.write_bytes(pcap(packets))
    limits = Limits(max_messages=100)
    made = document(pipeline.analyze([str(path)], AnalyzeOptions(limits=limits)))
    assert made["summary"]["queries"] == 300
    assert any("more than 100 messages" in note for note in made["notes"]), made["notes"]
    assert not any("more than" in note for note in analyzed(path)["notes"])
