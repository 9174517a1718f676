"""A cluster snapshot as kubectl prints it: addresses to things and back, reused addresses, broken input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analyzer.errors import InputError
from analyzer.inventory.kubernetes import read

NS = 1_000_000_000


def pod(name: str, ip: str, start: str, **spec: Any) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": name.rsplit("-", 1)[0]}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "kubecamp", "ownerReferences": [owner]},
        "spec": {"nodeName": "node1", **spec},
        "status": {"podIP": ip, "podIPs": [{"ip": ip}, {"ip": "fd00::00b"}], "startTime": start},
    }


def snapshot(*items: dict[str, Any]) -> str:
    return json.dumps({"kind": "List", "items": items})


def test_pods_services_and_nodes_have_labels() -> None:
    service = {
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system"},
        "spec": {"clusterIP": "10.233.0.3"},
    }
    node = {
        "kind": "Node",
        "metadata": {"name": "node1"},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.168.1.23"}]},
    }
    text = snapshot(pod("web-5d4f8c7b9-x2x4z", "10.233.64.11", "2026-11-22T04:00:00Z"), service, node)
    inventory = read([("snapshot.json", text)])
    assert inventory.label("10.233.64.11") == "kubecamp/web-5d4f8c7b9-x2x4z"
    assert inventory.label("fd00::b") == "kubecamp/web-5d4f8c7b9-x2x4z"
    assert inventory.label("10.233.0.3") == "svc kube-system/kube-dns"
    assert inventory.label("192.168.1.23") == "node node1"
    assert inventory.label("192.0.2.1") == ""
    found = inventory.find("10.233.64.11")
    assert found is not None
    assert (found.workload, found.node) == ("web", "node1")
    assert inventory.hosts()["node1"] == ("192.168.1.23",)
    assert inventory.hosts()["kube-dns.kube-system"] == ("10.233.0.3",)


def test_an_address_used_again_belongs_to_the_pod_of_its_time() -> None:
    early = pod("old-1-a", "10.233.64.11", "1970-01-01T00:01:40Z")
    late = pod("new-1-a", "10.233.64.11", "1970-01-01T00:03:20Z")
    inventory = read([("snapshot.json", snapshot(late, early))])
    assert inventory.label("10.233.64.11", 150 * NS) == "kubecamp/old-1-a"
    assert inventory.label("10.233.64.11", 250 * NS) == "kubecamp/new-1-a"
    assert inventory.label("10.233.64.11") == "kubecamp/new-1-a"


def test_host_network_pods_leave_the_address_to_the_node() -> None:
    inventory = read(
        [("snapshot.json", snapshot(pod("dns-1", "192.168.1.23", "2026-11-22T04:00:00Z", hostNetwork=True)))]
    )
    assert inventory.label("192.168.1.23") == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 5000, "nonsense"])
def test_what_is_no_snapshot_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^s\.json: ") as caught:
        read([("s.json", text)])
    assert "\n" not in str(caught.value)


def test_fields_of_other_types_are_passed_over() -> None:
    broken = [
        {"kind": "Pod", "status": 7, "metadata": []},
        3,
        {"kind": "Node", "status": {"addresses": {}}},
        {"kind": "Service", "spec": {"clusterIP": "None"}},
    ]
    assert read([("s.json", json.dumps({"kind": "List", "items": broken}))]).things == {}
