"""A chain that is cut where it holds too much: nothing is lost, and it is said."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.decode import decoder
from analyzer.messages import AddressTable, Decoded, DecodeOptions, NameTree
from analyzer.options import AnalyzeOptions
from analyzer.transactions.bounded import Bounded
from tests.live.streams import pcap_of


def batches(count: int, names: NameTree, addresses: AddressTable) -> Iterator[Decoded]:
    made = decoder("auto", DecodeOptions(batch_rows=16))
    made.open(0)
    for batch in (*made.feed(pcap_of([(n / 50, f"n{n}.test", 3) for n in range(count)])), *made.finish()):
        names.append(batch.names)
        addresses.append(batch.addresses)
        yield batch


def run(rows: int) -> tuple[Bounded, list[int], int]:
    """The stage, the numbers of all unique messages in the order in which they came out, and the answered ones."""
    names, addresses = NameTree(), AddressTable()
    stage = Bounded(names, addresses, AnalyzeOptions(), rows)
    out = []
    for batch in batches(200, names, addresses):
        out += stage.feed(batch)
    out += stage.close(stage.latest_ns)
    answered = sum(int((one.transactions.state == 0).sum()) for one in out)
    return stage, [number for one in out for number in one.unique.row.tolist()], answered


def test_a_chain_within_its_bounds_is_not_cut() -> None:
    stage, numbers, answered = run(10_000)
    assert (stage.cut, answered, numbers) == (0, 200, list(range(400)))


def test_a_chain_that_holds_too_much_is_cut_and_goes_on_numbering() -> None:
    stage, numbers, answered = run(60)
    assert stage.cut > 3
    assert numbers == list(range(400))  # each once, under a number of its own
    assert stage.counters["unique"] == 400
    assert answered == 200  # batches of whole pairs: no answer lies behind a cut
    assert stage.idle
