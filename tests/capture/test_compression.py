"""Compressed streams: every format, several members, broken off, damaged, and bombs."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import struct
import zlib
from collections.abc import Callable

import lz4.block
import lz4.frame
import pytest
import zstandard

from analyzer.capture.compression import Inflater, format_of

DATA = b"".join(random.Random(1).randbytes(50) + b"dnsdnsdns" * 9 for _ in range(4000))


def legacy(data: bytes) -> bytes:
    blocks = [lz4.block.compress(data[at : at + (8 << 20)], store_size=False) for at in range(0, len(data), 8 << 20)]
    return b"\x02\x21\x4c\x18" + b"".join(struct.pack("<I", len(b)) + b for b in blocks)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "lz4": lz4.frame.compress,
    "lz4-legacy": legacy,
}


def unpack(form: str, data: bytes, piece: int = 1 << 20) -> tuple[bytes, str]:
    inflater = Inflater(form)
    out = b"".join(part for at in range(0, len(data), piece) for part in inflater.feed(data[at : at + piece]))
    inflater.finish()
    return out, inflater.damage


@pytest.mark.parametrize("form", PACK)
@pytest.mark.parametrize("piece", [7, 1 << 20])
def test_every_format_is_recognised_and_unpacked_in_any_pieces(form: str, piece: int) -> None:
    packed = PACK[form](DATA)
    assert format_of(packed) == form
    assert unpack(form, packed, piece) == (DATA, "")


@pytest.mark.parametrize("form", PACK)
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_members_one_behind_another_are_one_stream(form: str, piece: int) -> None:
    packed = PACK[form](DATA[:3000]) + PACK[form](DATA[3000:9000])
    assert unpack(form, packed, piece) == (DATA[:9000], "")


@pytest.mark.parametrize("form", PACK)
def test_a_stream_that_breaks_off_gives_a_beginning_and_says_so(form: str) -> None:
    packed = PACK[form](DATA)
    out, damage = unpack(form, packed[: len(packed) * 3 // 4])
    assert DATA.startswith(out)
    assert damage == f"{form} data breaks off"


@pytest.mark.parametrize("form", ["gzip", "zstd", "lz4"])
def test_what_came_before_the_break_is_there(form: str) -> None:
    packed = PACK[form](DATA)
    out, _ = unpack(form, packed[: len(packed) - 5])
    assert len(out) > len(DATA) // 2


@pytest.mark.parametrize("form", PACK)
def test_damage_is_noted_and_never_raised(form: str) -> None:
    packed = bytearray(PACK[form](DATA))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = bytes(64)
    out, damage = unpack(form, bytes(packed))
    assert form in damage or out != DATA  # a format without checksums may hand on other octets


def test_a_wrong_gzip_checksum_loses_no_octet() -> None:
    packed = bytearray(gzip.compress(DATA[:5000]))
    packed[-8] ^= 0xFF
    out, damage = unpack("gzip", bytes(packed))
    assert out == DATA[:5000]
    assert "damaged" in damage


def test_a_gzip_stream_damaged_inside_gives_all_that_zlib_can_read() -> None:
    packed = bytearray(gzip.compress(DATA, compresslevel=1))
    middle = len(packed) // 2
    packed[middle : middle + 300] = b"\xff" * 300
    best = zlib.decompressobj(31)
    octets = b""
    try:
        for octet in packed:
            octets += best.decompress(bytes([octet]))
    except zlib.error:
        pass
    out, damage = unpack("gzip", bytes(packed))
    assert damage
    assert out.startswith(octets)
    assert len(octets) > 10_000


def test_padding_after_a_member_is_no_damage_and_other_octets_are() -> None:
    packed = gzip.compress(DATA[:100])
    assert unpack("gzip", packed + bytes(512)) == (DATA[:100], "")
    out, damage = unpack("gzip", packed + b"something else")
    assert out == DATA[:100]
    assert "no gzip member" in damage


def test_a_skippable_frame_before_zstd_data_is_skipped() -> None:
    skippable = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"size"
    packed = skippable + zstandard.ZstdCompressor().compress(DATA)
    assert format_of(packed) == "zstd"
    assert unpack("zstd", packed) == (DATA, "")


@pytest.mark.parametrize(("form", "size", "bound"), [("gzip", 8, 1), ("zstd", 128, 32), ("bzip2", 8, 1), ("xz", 8, 1)])
def test_a_bomb_comes_in_bounded_pieces(form: str, size: int, bound: int) -> None:
    packed = PACK[form](bytes(size << 20))
    inflater = Inflater(form)
    sizes = [len(part) for part in inflater.feed(packed)]
    assert sum(sizes) == size << 20
    assert max(sizes) <= bound << 20


@pytest.mark.parametrize("head", [b"", b"\x1f", b"\xd4\xc3\xb2\xa1", b"BZ", b"\x50\x2a\x4d"])
def test_other_beginnings_are_no_compression(head: bytes) -> None:
    assert format_of(head) == ""
