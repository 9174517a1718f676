"""Header word: the fields, for one number and for a column of them."""

from __future__ import annotations

import numpy as np

from analyzer.dns import header


def test_fields_of_one_word() -> None:
    assert header.opcode(0x2800) == 5  # UPDATE
    assert header.rcode(0x8183) == 3
    assert header.words(0x8183) == ["qr", "rd", "ra"]


def test_fields_of_a_column() -> None:
    flags = np.array([0x0100, 0x8183, 0xFFFF], np.uint16)
    assert header.opcode(flags).tolist() == [0, 0, 15]
    assert header.rcode(flags).tolist() == [0, 3, 15]
