"""The lab's resolvers one after another (a sample says which), however the input is cut."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from analyzer.decode import decoder
from analyzer.measures import Context
from analyzer.measures.resolvers import Measure, _Sample
from analyzer.measures.roles import Measure as Roles
from analyzer.messages import Decoded, DecodeOptions
from analyzer.transactions import Transactions

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TRUTH = {"10.233.64.11": "glibc", "10.233.64.12": "musl", "10.233.64.13": "c-ares", "10.233.64.14": "Go"}


def read(name: str, parts: int = 1) -> tuple[Context, list[Measure], Roles]:
    one = decoder("auto", DecodeOptions())
    one.open(0)
    context = Context()
    roles, measures = Roles(context), [Measure(context) for _ in range(parts)]
    stage = Transactions(context.names, context.addresses, context.options)
    data: list[Decoded] = one.feed(gzip.decompress((SAMPLES / name).read_bytes())) + one.finish()
    batches = []
    for decoded in data:
        context.names.append(decoded.names)
        context.addresses.append(decoded.addresses)
        batches += stage.feed(decoded)
    for at, batch in enumerate(batches + stage.finish()):
        roles.update(batch)
        measures[at % parts].update(batch)
    return context, measures, roles


def test_the_labs_resolvers_are_named() -> None:
    _, (measure,), roles = read("healthy.pcap.gz")
    found = {client: seen.name for client, seen in measure.result({"roles": roles.result({})}).items()}
    assert {client: found.get(client) for client in TRUTH} == TRUTH
    assert found["192.168.1.23"] == "CoreDNS"


def test_parts_merge_to_the_whole() -> None:
    _, (whole,), roles = read("healthy.pcap.gz")
    _, (one, other), _ = read("healthy.pcap.gz", parts=2)
    other.merge(one)
    voted = {"roles": roles.result({})}
    assert other.result(voted) == whole.result(voted)


def test_a_full_sample_keeps_whole_ports_whatever_the_order() -> None:
    random = np.random.default_rng(1)
    keys = (random.integers(0, 5000, 20_000).astype(np.uint64) << np.uint64(28)) | np.arange(
        20_000, dtype=np.uint64
    ) % 7
    sums = np.ones((len(keys), 4), np.int64)
    forward, backward, whole = _Sample(1000), _Sample(1000), _Sample(10**6)
    whole.add(keys, sums)
    for part in np.array_split(np.arange(len(keys)), 9):
        forward.add(keys[part], sums[part])
        backward.add(keys[::-1][part], sums[part])
    assert forward.keys.tolist() == backward.keys.tolist()
    assert (forward.sums == backward.sums).all()
    assert 0 < len(forward.keys) <= 1000
    ports = set((forward.keys >> np.uint64(28)).tolist())
    kept = [at for at, key in enumerate(whole.keys.tolist()) if key >> 28 in ports]
    assert whole.keys[kept].tolist() == forward.keys.tolist()
