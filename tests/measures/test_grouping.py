"""The rules that group names, each by a name that it is the first to speak of (docs/semantics.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from analyzer.measures import Context
from analyzer.measures.clusterdomain import ClusterDomain
from analyzer.measures.clusterdomain import Measure as Cluster
from analyzer.measures.grouping import Group, Grouping
from analyzer.measures.texts import Texts
from analyzer.options import AnalyzeOptions

NAMES = (
    "web.kubecamp.svc.cluster.local a.web.kubecamp.svc.cluster.local _http._tcp.web.kubecamp.svc.cluster.local "
    "kubecamp.svc.cluster.local 10-233-64-11.kubecamp.pod.cluster.local gitea.cluster.local cluster.local "
    "api.default.svc.cluster.local.example.org www.example.co.uk example.co.uk co.uk db.corp.lan x.y.z.lan "
    "4.3.2.10.in-addr.arpa 1.1.168.192.in-addr.arpa 8.8.8.8.in-addr.arpa host lab.example.net a.lab.example.net"
).split()


def group(name: str, search: Mapping[str, str] | None = None, depth: int | None = None) -> Group:
    context = Context(options=AnalyzeOptions(depth=depth))
    ids = {text: context.names.add_text(text) for text in (*NAMES, ".")}
    cluster: ClusterDomain = Cluster(context).result({})
    searched = {ids[text]: suffix for text, suffix in (search or {}).items()}
    cuts = np.array([ids["lab.example.net"], ids["."], ids["co.uk"]])
    rules = Grouping(context, Texts(context), searched, cluster, cuts)
    found = {text: rules.group(ids[text]) for text in NAMES}  # in one go, so that what parents share is used
    return found[name]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("web.kubecamp.svc.cluster.local", ("web.kubecamp.svc.cluster.local", "cluster", "kubecamp", "web")),
        ("a.web.kubecamp.svc.cluster.local", ("web.kubecamp.svc.cluster.local", "cluster", "kubecamp", "web")),
        ("_http._tcp.web.kubecamp.svc.cluster.local", ("web.kubecamp.svc.cluster.local", "cluster", "kubecamp", "web")),
        ("kubecamp.svc.cluster.local", ("kubecamp.svc.cluster.local", "cluster", "kubecamp", "")),
        ("10-233-64-11.kubecamp.pod.cluster.local", ("kubecamp.pod.cluster.local", "cluster", "kubecamp", "")),
        ("gitea.cluster.local", ("cluster.local", "cluster", "", "")),
        ("api.default.svc.cluster.local.example.org", ("example.org", "search", "", "")),
        ("4.3.2.10.in-addr.arpa", ("10.in-addr.arpa", "reverse", "", "")),
        ("1.1.168.192.in-addr.arpa", ("168.192.in-addr.arpa", "reverse", "", "")),
        ("8.8.8.8.in-addr.arpa", ("8.8.in-addr.arpa", "reverse", "", "")),
        ("a.lab.example.net", ("lab.example.net", "zone-cut", "", "")),
        ("www.example.co.uk", ("example.co.uk", "public-suffix", "", "")),
        ("co.uk", ("co.uk", "labels", "", "")),
        ("db.corp.lan", ("corp.lan", "labels", "", "")),
        ("x.y.z.lan", ("z.lan", "labels", "", "")),
        ("host", ("host", "labels", "", "")),
    ],
)
def test_first_rule_that_applies(name: str, want: tuple[str, str, str, str]) -> None:
    assert group(name) == Group(*want)


def test_a_suffix_of_an_established_chain_comes_before_the_cluster() -> None:
    name = "web.kubecamp.svc.cluster.local"
    assert group(name, {name: "cluster.local"}) == Group("cluster.local", "search")


@pytest.mark.parametrize(("depth", "suffix"), [(1, "uk"), (3, "example.co.uk"), (9, "www.example.co.uk")])
def test_depth_overrides_every_rule(depth: int, suffix: str) -> None:
    assert group("www.example.co.uk", depth=depth) == Group(suffix, "depth")
