"""What a client's resolver does after the name as typed: by fingerprint, and by what its own chains show."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.findings import Confidence
from analyzer.measures import Context
from analyzer.measures.fingerprints import Fingerprint
from analyzer.measures.search_habits import Habit, habits
from analyzer.measures.search_signatures import SignatureTable


@pytest.mark.parametrize(
    ("name", "confidence", "habit"),
    [
        ("glibc", Confidence.MEDIUM, Habit.GOES_ON),
        ("Go", Confidence.HIGH, Habit.GOES_ON),
        ("c-ares", Confidence.MEDIUM, Habit.GOES_ON),
        ("ingress-nginx lua", Confidence.HIGH, Habit.GOES_ON),
        ("musl", Confidence.MEDIUM, Habit.STOPS),
        ("musl", Confidence.LOW, Habit.UNKNOWN),  # one sign is no fingerprint
        ("nginx", Confidence.HIGH, Habit.UNKNOWN),  # it does not search at all
    ],
)
def test_a_fingerprint_tells(name: str, confidence: Confidence, habit: Habit) -> None:
    context = Context()
    client = context.addresses.add("10.0.0.1")
    table = SignatureTable({"client": np.array([client], "u4"), "steps": np.array([6])})
    found = habits(table, np.array([5]), {"10.0.0.1": Fingerprint(name, confidence, ())}, context)
    assert found.tolist() == [habit]


def test_a_chain_that_went_on_outweighs_it_for_all_of_its_client() -> None:
    context = Context()
    one, other = (context.addresses.add(f"10.0.0.{n}") for n in (1, 2))
    table = SignatureTable({"client": np.array([one, one, other], "u4"), "steps": np.array([6, 2, 1])})
    musl = {f"10.0.0.{n}": Fingerprint("musl", Confidence.HIGH, ()) for n in (1, 2)}
    found = habits(table, np.array([5, 0, 0]), musl, context)
    assert found.tolist() == [Habit.GOES_ON, Habit.GOES_ON, Habit.STOPS]
