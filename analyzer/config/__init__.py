"""Configuration texts -> instances, edges, cycles and findings.

    files ──inputs──▶ parsed texts ──site──▶ hosts ──placing──▶ instances ──graph──▶ edges ──cycles, rules──▶ findings

One file per format (`resolvconf`, `corefile`, `dnsmasq`, `resolved`, `netplan`, `kubelet`, `manifests`, `kubespray`), each with
`read(text, origin)`: what was understood, and what was not, with line numbers. Nothing here looks at packets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from analyzer.config.cycles import Cycle
from analyzer.config.graph import Graph, SearchList
from analyzer.findings import Finding

__all__ = ["Diagnosis", "PredictedEdge", "diagnose", "predicted_edges", "rules", "searches"]
