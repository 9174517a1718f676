"""Kubernetes objects."""

from __future__ import annotations

from analyzer.config.manifests import read

LIST = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: coredns, namespace: kube-system}
  data:
    Corefile: |
      .:53 {
          loop
      }
- apiVersion: v1
  kind: Service
  metadata: {name: kube-dns}
  spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10, "fd00::a"]}
- apiVersion: v1
  kind: Endpoints
  metadata: {name: kube-dns}
  subsets:
  - addresses: [{ip: 10.244.0.5}, {ip: 10.244.0.6}]
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: kube-dns-x7, labels: {kubernetes.io/service-name: kube-dns}}
  endpoints:
  - addresses: [10.244.0.7]
- kind: Secret
"""


def test_a_list() -> None:
    parsed = read(LIST, "f")
    assert not parsed.problems
    (text,) = parsed.content.texts
    assert (text.config_map, text.key, text.offset) == ("coredns", "Corefile", 8)
    assert [(one.name, one.addresses) for one in parsed.content.services] == [
        ("kube-dns", ("10.96.0.10", "fd00::a")),
        ("kube-dns", ("10.244.0.5", "10.244.0.6")),
        ("kube-dns", ("10.244.0.7",)),
    ]


def test_a_quoted_text_has_no_lines_of_its_own() -> None:
    (text,) = read(
        '{"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"Corefile": ".:53 {\\n}\\n"}}', "f"
    ).content.texts
    assert (text.text, text.offset) == (".:53 {\n}\n", None)
