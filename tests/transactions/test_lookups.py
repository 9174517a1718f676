"""Lookups rebuilt from packets, resolver by resolver (what each does on the wire is known)."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from analyzer.messages import (
    Ending,
    LookupTable,
    NameTree,
    Outcome,
    Present,
    QuestionTable,
    StepTable,
    TransactionBatch,
    TransactionTable,
)
from analyzer.options import Limits
from analyzer.transactions import Transactions
from analyzer.transactions.lookups import Lookups
from tests.lookups import LIST, candidates, lookup
from tests.scenes import Scene

BASE = "db.orders.svc.cluster.local"


def rebuilt(scene: Scene) -> tuple[LookupTable, StepTable]:
    """The scene's lookups and steps."""
    stage = Transactions(scene.names, scene.addresses, scene.options)
    from analyzer.messages import AnswerBatch, ConnectionBatch, Decoded, NewAddresses, NewNames, QuoteBatch

    empty = np.zeros(0, np.uint32)
    decoded = Decoded(
        scene.batch(),
        NewNames(len(scene.names), empty, empty, b""),
        NewAddresses(len(scene.addresses), b""),
        AnswerBatch(),
        ConnectionBatch(),
        QuoteBatch(),
    )
    parts: list[TransactionBatch] = [*stage.feed(decoded), *stage.finish()]
    return LookupTable.concat(p.lookups for p in parts), StepTable.concat(p.steps for p in parts)


@pytest.mark.parametrize("style", ["glibc", "go", "cares", "lua"])
def test_every_resolvers_chain_is_one_lookup(style: str) -> None:
    scene = Scene()
    lookup(scene, 0.0, BASE, style=style)
    lookups, steps = rebuilt(scene)
    assert len(lookups) == 1
    assert (lookups.steps[0], lookups.queries[0], lookups.questions[0]) == (5, 10, 10)
    assert lookups.ending[0] == Ending.FAILED
    assert [scene.names.text(int(name)) for name in steps.qname] == candidates(BASE)
    assert lookups.common[0] == 5
    assert lookups.one_port[0] == (style in ("cares", "lua"))
    assert lookups.serial[0] == (style == "lua")
    assert set(steps.qtypes.tolist()) == {3}


def test_data_ends_a_lookup_and_the_answer_is_kept() -> None:
    scene = Scene()
    address = scene.addresses.add("198.51.100.7")
    query = scene.query(0.0, "10.0.0.1", "10.0.0.53", f"www.{LIST[0]}")
    scene.response(0.001, query, "NXDOMAIN")
    query = scene.query(0.0015, "10.0.0.1", "10.0.0.53", "www")
    scene.response(0.002, query, "NOERROR", ancount=1, answer_matches=1, answer_addr=address)
    lookups, steps = rebuilt(scene)
    assert (len(lookups), lookups.ending[0], lookups.steps[0]) == (1, Ending.ANSWERED, 2)
    assert steps.answer_addr.tolist() == [0, address]
    assert steps.outcome_a.tolist() == [Outcome.NXDOMAIN, Outcome.DATA]


def test_the_type_of_the_second_query_decides_about_a_pair() -> None:
    scene = Scene()
    for at, qtype in ((0.0, "A"), (0.0001, "MX"), (0.0002, "AAAA"), (0.0003, "A")):
        query = scene.query(at, "10.0.0.1", "10.0.0.53", "www.example.org", qtype)
        scene.response(at + 0.02, query, ancount=1, answer_matches=1)
    lookups, steps = rebuilt(scene)
    assert sorted(steps.qtypes.tolist()) == [1, 3, 4]
    assert len(lookups) == 3


@pytest.mark.parametrize(("gap", "lookups"), [(0.049, 1), (0.051, 2)])
def test_the_next_candidate_comes_within_50_ms(gap: float, lookups: int) -> None:
    scene = Scene()
    for at, name in ((0.0, "a.b.one.test"), (0.001 + gap, "a.b")):
        scene.ask(at, "10.0.0.1", "10.0.0.53", name)
    assert len(rebuilt(scene)[0]) == lookups


@pytest.mark.parametrize(("gap", "lookups"), [(0.9, 1), (1.1, 2)])
def test_one_port_gives_a_busy_worker_a_second(gap: float, lookups: int) -> None:
    scene = Scene()
    for at, name in ((0.0, "a.b.one.test"), (0.001 + gap, "a.b")):
        scene.ask(at, "10.0.0.1", "10.0.0.53", name, src_port=30_000)
    assert len(rebuilt(scene)[0]) == lookups


def test_after_silence_the_next_candidate_may_take_six_seconds() -> None:
    scene = Scene()
    lookup(scene, 0.0, "a.b", names=["a.b.one.test", "a.b"], answers={"a.b.one.test": "silence"})
    scene.ask(40.0, "10.0.0.1", "10.0.0.53", "later.example")
    lookups, steps = rebuilt(scene)
    assert lookups.steps.tolist() == [2, 1]
    assert steps.outcome_a[0] == Outcome.SILENCE


def test_servfail_goes_on_with_the_next_suffix() -> None:
    scene = Scene()
    lookup(scene, 0.0, BASE, answers={f"{BASE}.{LIST[1]}": "SERVFAIL"})
    assert rebuilt(scene)[0].steps.tolist() == [5]


def test_data_is_followed_by_nothing() -> None:
    scene = Scene()
    lookup(scene, 0.0, "www.a.test", names=["www.a.test"], answers={"www.a.test": "DATA"})
    lookup(scene, 0.01, "www.b.test", names=["www.b.test"], answers={"www.b.test": "DATA"})
    assert rebuilt(scene)[0].steps.tolist() == [1, 1]


def test_two_workers_asking_the_same_name_keep_their_own_chains() -> None:
    scene = Scene()
    for worker in range(2):
        for n in range(20):
            lookup(scene, n + worker * 0.0009, BASE, style="lua")
    lookups, _ = rebuilt(scene)
    assert lookups.steps.tolist() == [5] * 40
    assert lookups.one_port.all()


def test_interleaved_lookups_of_one_leftmost_label_stay_apart() -> None:
    scene = Scene()
    for name, shift in (("www.one.test", 0.0), ("www.two.test", 0.0005), ("www.three.test", 0.0008)):
        lookup(scene, shift, name)
    lookups, steps = rebuilt(scene)
    assert lookups.steps.tolist() == [5, 5, 5]
    for number in lookups.lookup.tolist():
        names = [scene.names.text(int(n)) for n in steps.qname[steps.lookup == number]]
        assert len({".".join(name.split(".")[:3]) for name in names}) == 1


def test_a_second_lookup_right_after_the_first_begins_anew() -> None:
    scene = Scene()
    end = lookup(scene, 0.0, "www.one.test")
    lookup(scene, end + 0.002, "www.two.test")
    assert rebuilt(scene)[0].steps.tolist() == [5, 5]


def test_reverse_lookups_never_form_a_chain() -> None:
    scene = Scene()
    for n in range(5):
        scene.ask(n * 0.002, "10.0.0.1", "10.0.0.53", f"1.{n}.0.10.in-addr.arpa", "PTR")
    assert rebuilt(scene)[0].steps.tolist() == [1] * 5


def made(count: int, seed: int) -> tuple[NameTree, QuestionTable]:
    """Questions of several clients over few names, overlapping, in order of time."""
    rng = random.Random(seed)
    names = NameTree()
    pool = [names.add_text(f"{base}.{suffix}") for base in ("a.x", "b.x", "b.y") for suffix in (*LIST, "z")]
    at = np.cumsum([rng.choice((0, 20_000, 1_000_000, 60_000_000, 7_000_000_000)) for _ in range(count)])
    answered = np.array([rng.random() < 0.8 for _ in range(count)])
    end = np.where(answered, at + np.array([rng.choice((100_000, 30_000_000)) for _ in range(count)]), -1)
    table = {
        "question": np.arange(count),
        "frame": np.arange(count) + 1,
        "time_ns": at,
        "end_ns": end,
        "client": np.array([rng.randrange(3) for _ in range(count)]),
        "client_port": np.array([rng.choice((1000, 1001, 2000 + n)) for n in range(count)]),
        "qname": np.array([rng.choice(pool) for _ in range(count)]),
        "qtype": np.array([rng.choice((1, 28)) for _ in range(count)]),
        "sends": np.ones(count),
        "gap_ns": np.full(count, -1),
        "present": np.full(count, int(Present.QUESTION)),
        "outcome": np.where(answered, [rng.choice((1, 2, 3, 3, 3, 4)) for _ in range(count)], Outcome.SILENCE),
    }
    return names, QuestionTable(table)


def fed(names: NameTree, table: QuestionTable, cuts: list[int]) -> tuple[LookupTable, StepTable]:
    stage, parts = Lookups(names, Limits()), []
    for begin, end in zip([0, *cuts], [*cuts, len(table)], strict=True):
        watermark = int(table.time_ns[end]) if end < len(table) else 2**61
        parts.append(stage.feed(table.take(slice(begin, end)), TransactionTable(), watermark))
    parts.append(stage.finish())
    return LookupTable.concat(p[0] for p in parts), StepTable.concat(p[1] for p in parts)


@pytest.mark.parametrize("seed", range(8))
def test_lookups_do_not_depend_on_how_questions_are_cut(seed: int) -> None:
    names, table = made(600, seed)
    whole = fed(names, table, [])
    cuts = sorted(random.Random(seed).sample(range(1, 600), 30))
    for one, other in zip(whole, fed(names, table, cuts), strict=True):
        assert one.columns().keys() == other.columns().keys()
        for name, values in one.columns().items():
            assert np.array_equal(values, other.columns()[name]), name
    lookups, steps = whole
    assert int(lookups.questions.sum()) == len(table)  # every question is in exactly one lookup
    assert int(lookups.steps.sum()) == len(steps)
    assert (np.diff(lookups.time_ns) >= 0).all()


def test_a_segment_that_never_rests_is_cut_alike() -> None:
    """One client, one leftmost label, a question every 20 ms for three minutes: cut by time from its own beginning."""
    count = 9000
    names = NameTree()
    pool = np.array([names.add_text(f"a.{n}.test") for n in range(50)])
    table = QuestionTable(
        {
            "question": np.arange(count),
            "time_ns": np.arange(count) * 20_000_000,
            "end_ns": np.arange(count) * 20_000_000 + 1_000_000,
            "client_port": np.full(count, 4000),
            "qname": pool[np.arange(count) % 50],
            "qtype": np.ones(count),
            "sends": np.ones(count),
            "gap_ns": np.full(count, -1),
            "present": np.full(count, int(Present.QUESTION)),
            "outcome": np.full(count, Outcome.NXDOMAIN),
        }
    )
    whole = fed(names, table, [])
    pieces = fed(names, table, list(range(37, count, 370)))
    assert whole[0].lookup.tolist() == pieces[0].lookup.tolist()
    assert whole[0].steps.tolist() == pieces[0].steps.tolist()
    assert whole[0].steps.max() <= 32


@pytest.mark.slow
def test_overlapping_failures_of_one_label_take_time_in_proportion() -> None:
    """Hostile: every question fails, overlaps the others, and shares its leftmost label."""

    def seconds(count: int) -> float:
        names = NameTree()
        pool = np.array([names.add_text(f"a.{n}.test") for n in range(1000)])
        table = QuestionTable(
            {
                "question": np.arange(count),
                "time_ns": np.arange(count) * 1000,
                "end_ns": np.arange(count) * 1000 + 5_000_000,
                "client_port": np.arange(count) % 60_000,
                "qname": pool[np.arange(count) % 1000],
                "qtype": np.ones(count),
                "sends": np.ones(count),
                "gap_ns": np.full(count, -1),
                "present": np.full(count, int(Present.QUESTION)),
                "outcome": np.full(count, Outcome.NXDOMAIN),
            }
        )
        begin = time.perf_counter()
        fed(names, table, list(range(5000, count, 5000)))
        return time.perf_counter() - begin

    small, large = seconds(10_000), seconds(40_000)
    assert large < 12 * small


def test_iteration_is_no_search() -> None:
    """A resolver walking down from the root: no RD, or referrals (NS in authority, no SOA)."""
    scene = Scene()
    for n, name in enumerate(("ns.one.test", "ns.two.test", "ns.three.test")):
        query = scene.query(n * 0.002, "10.0.0.1", "198.51.100.1", name, flags=0)
        scene.response(n * 0.002 + 0.001, query, "NXDOMAIN")
        query = scene.query(9 + n * 0.002, "10.0.0.2", "198.51.100.1", name)
        scene.response(9 + n * 0.002 + 0.001, query, nscount=2)["present"] |= int(Present.NS)
    lookups, steps = rebuilt(scene)
    assert lookups.steps.tolist() == [1] * 6
    assert steps.outcome_a.tolist() == [Outcome.NXDOMAIN] * 3 + [Outcome.ERROR] * 3


def test_siblings_on_a_forwarders_socket_are_no_search() -> None:
    """The first one's answer was lost: on a port that carries what many clients ask, 2.7 s later is no next candidate."""
    for pooled in (True, False):
        scene = Scene()
        scene.query(0, "10.0.0.1", "10.0.0.53", "smtp.one.example", src_port=44_878)
        for n in range(3):
            if pooled:
                scene.ask(1 + n / 10, "10.0.0.1", "10.0.0.53", f"host{n}.example", src_port=44_878)
        scene.ask(2.7, "10.0.0.1", "10.0.0.53", "smtp.two.example", src_port=44_878)
        scene.ask(90, "10.0.0.2", "10.0.0.53", "later.example")
        lookups, _ = rebuilt(scene)
        assert int(lookups.steps.max()) == (1 if pooled else 2)


def test_service_names_are_gone_through_by_programs() -> None:
    scene = Scene()
    for n, name in enumerate(("_ldap._tcp.site._sites.dc._msdcs.corp.test", "_ldap._tcp.dc._msdcs.corp.test")):
        scene.ask(n * 0.002, "10.0.0.1", "10.0.0.53", name, "SRV")
    assert rebuilt(scene)[0].steps.tolist() == [1, 1]


def silent(scene: Scene, at: float, qtype: str, server: str, port: int, ident: int) -> None:
    scene.query(at, "10.0.0.1", server, "www.example.org", qtype, src_port=port, msg_id=ident)


@pytest.mark.parametrize(("resolver", "queries"), [("glibc", 4), ("musl", 8), ("go", 4), ("cares", 4)])
def test_recipe_7_silence_is_one_lookup_with_all_its_sends(resolver: str, queries: int) -> None:
    """Each resolver's own timers, ports and IDs: what is sent again belongs to the lookup."""
    scene = Scene()
    if resolver == "glibc":  # both again after 5 s, same port, same IDs
        for at in (0.0, 5.0):
            silent(scene, at, "A", "10.0.0.53", 40_001, 11)
            silent(scene, at + 0.00002, "AAAA", "10.0.0.53", 40_001, 12)
    elif resolver == "musl":  # all servers at once, again after 2.5 s
        for at in (0.0, 2.5):
            for server in ("10.0.0.53", "10.0.0.54"):
                silent(scene, at, "A", server, 40_001, 11)
                silent(scene, at + 0.00002, "AAAA", server, 40_001, 12)
    elif resolver == "go":  # a port and an ID for each attempt
        for n, at in enumerate((0.0, 5.0)):
            silent(scene, at, "A", "10.0.0.53", 41_000 + n, 100 + n)
            silent(scene, at + 0.0001, "AAAA", "10.0.0.53", 42_000 + n, 200 + n)
    else:  # dns.resolve4: one type, same ID, a port for each try
        for n, at in enumerate((0.0, 2.9, 5.9, 13.9)):
            silent(scene, at, "A", "10.0.0.53", 43_000 + n, 77)
    scene.ask(90.0, "10.0.0.2", "10.0.0.53", "later.example")
    lookups, _ = rebuilt(scene)
    mine = lookups.take(lookups.client == scene.addresses.find("10.0.0.1"))
    assert (mine.queries.tolist(), mine.ending.tolist()) == ([queries], [Ending.ABANDONED])
