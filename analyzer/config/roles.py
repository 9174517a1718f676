"""What a file is and whose it is, from its path, its name and its content."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from pathlib import PurePosixPath

from analyzer.config.kubespray import KEYS

__all__ = [
    "FORMATS",
    "ROLES",
    "format_of",
    "host_folders",
    "host_of",
    "logical_path",
    "role_of_corefile",
    "role_of_resolvconf",
]

FORMATS = (
    "resolv.conf", "corefile", "dnsmasq", "resolved", "resolvectl", "netplan", "networkd", "kubelet", "kubernetes",
    "kubespray",
)  # fmt: skip
ROLES: dict[str, str] = {
    "node": "resolv.conf of a node",
    "pod": "resolv.conf of an ordinary pod",
    "uplink": "systemd-resolved's /run/systemd/resolve/resolv.conf",
    "nodelocaldns": "Corefile or resolv.conf of the node-local cache (host network)",
    "coredns": "Corefile or resolv.conf of the cluster DNS (pod network)",
    "dnsmasq": "dnsmasq.conf",
    "resolved": "resolved.conf or a drop-in",
    "resolvectl": "text of `resolvectl status`",
    "netplan": "netplan YAML",
    "networkd": "a .network file or drop-in",
    "kubelet": "KubeletConfiguration, or a file with kubelet flags",
    "kubernetes": "objects by `kubectl get ... -o yaml`",
    "kubespray": "Kubespray group_vars",
}
_ROOTS = frozenset({"etc", "run", "var", "usr"})
_NODELOCAL = re.compile(r"node-?local-?(dns|cache)?|local-?dns", re.IGNORECASE)
_LINK_LOCAL_BIND = re.compile(r"^[ \t]*bind\s.*\b169\.254\.|__PILLAR__LOCAL__DNS__", re.MULTILINE)
_KUBESPRAY = re.compile(rf"^(?:{'|'.join(sorted(KEYS - {'ndots', 'nameservers'}))}):", re.MULTILINE)


def format_of(path: str, text: str) -> str | None:
    """One of FORMATS, by the file's known name first, then by its content; None if neither says anything."""
    posix = PurePosixPath(path.replace("\\", "/"))
    return _by_name(posix) or _by_content(posix, text[:200_000])


def _by_name(posix: PurePosixPath) -> str | None:
    name, parents = posix.name.lower(), [part.lower() for part in posix.parts[:-1]]
    folder = parents[-1] if parents else ""
    if "resolv" in name and name.endswith((".conf", "resolv.conf")) and "resolved" not in name:
        return "resolv.conf"
    if name.startswith("corefile") or name.endswith((".corefile", ".coredns")):
        return "corefile"
    if name == "dnsmasq.conf" or folder == "dnsmasq.d" or "dnsmasq" in name:
        return "dnsmasq"
    if name == "resolved.conf" or folder == "resolved.conf.d":
        return "resolved"
    if "resolvectl" in name or name.startswith("systemd-resolve"):
        return "resolvectl"
    if folder == "netplan" or "netplan" in name:
        return "netplan"
    if name.endswith((".network", ".netdev")) or folder.endswith(".network.d"):
        return "networkd"
    return "kubelet" if name == "kubelet.env" else None


def _by_content(posix: PurePosixPath, text: str) -> str | None:
    if posix.suffix.lower() in (".yaml", ".yml", ".json", "") and re.search(
        r"^[ \t]*[\"']?kind[\"']?:", text, re.MULTILINE
    ):
        return "kubelet" if "KubeletConfiguration" in text and "ConfigMap" not in text else "kubernetes"
    if re.search(r"^network:\s*$", text, re.MULTILINE):
        return "netplan"
    if _KUBESPRAY.search(text):
        return "kubespray"
    if re.search(r"--(cluster-dns|resolv-conf)\b", text):
        return "kubelet"
    if re.search(r"^Global$", text, re.MULTILINE) and "DNS Servers" in text:
        return "resolvectl"
    if re.search(r"^\[Resolve\]", text, re.MULTILINE):
        return "resolved"
    if re.search(r"^\[Match\]", text, re.MULTILINE) and re.search(r"^\[Network\]", text, re.MULTILINE):
        return "networkd"
    if re.search(r"^[ \t]*(forward|kubernetes)\s", text, re.MULTILINE) and "{" in text:
        return "corefile"
    if re.search(r"^nameserver\s", text, re.MULTILINE):
        return "resolv.conf"
    return "dnsmasq" if re.search(r"^(no-resolv|bogus-priv|server=|local=/|dhcp-range=)", text, re.MULTILINE) else None


def logical_path(path: str) -> str:
    """Where the file would lie on its own machine: from the last `etc`, `run`, `var` or `usr` on, else the path itself."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    for position in reversed(range(len(parts) - 1)):
        if parts[position] in _ROOTS and not (position and parts[position - 1] in _ROOTS):
            return "/" + "/".join(parts[position:])
    return path


def host_folders(relatives: Iterable[str]) -> set[PurePosixPath]:
    """The directories of a walked tree that stand for a machine: those that hold `etc`, `run`, `var` or `usr`."""
    found = set()
    for relative in relatives:
        parts = PurePosixPath(relative.replace("\\", "/")).parts
        position = next((index for index, part in enumerate(parts[:-1]) if part in _ROOTS), 0)
        if position:
            found.add(PurePosixPath(*parts[:position]))
    return found


def host_of(relative: str, folders: Container[PurePosixPath]) -> str:
    """The name of the machine whose directory holds the file; empty at the top of the tree."""
    parents = PurePosixPath(relative.replace("\\", "/")).parents
    return next((parent.name for parent in reversed(parents) if parent in folders), "")


def role_of_corefile(path: str, text: str, config_map: str = "") -> str:
    """`nodelocaldns` by name or by a link-local bind address, else `coredns`."""
    name = config_map or "/".join(PurePosixPath(path.replace("\\", "/")).parts[-2:])
    return "nodelocaldns" if _NODELOCAL.search(name) or _LINK_LOCAL_BIND.search(text) else "coredns"


def role_of_resolvconf(path: str, text: str) -> str:
    """`uplink` or `stub` for systemd-resolved's files, `pod` by the search list that kubelet writes, else `node`."""
    name = path.replace("\\", "/").lower()
    if "systemd/resolve/" in name:
        return "stub" if name.endswith("stub-resolv.conf") else "uplink"
    short = name.rsplit("/", 1)[-1]
    for word, role in (
        ("nodelocal", "nodelocaldns"),
        ("localdns", "nodelocaldns"),
        ("coredns", "coredns"),
        ("pod", "pod"),
    ):
        if word in "/".join(name.split("/")[-2:]):
            return role
    if "stub-resolv" in short:
        return "stub"
    return "pod" if "ndots:5" in text and _kubelet_search(text) else "node"


def _kubelet_search(text: str) -> bool:
    """Whether a `search` line begins as kubelet writes it: NS.svc.DOMAIN svc.DOMAIN DOMAIN."""
    for line in text.splitlines()[:1000]:
        words = line[:5000].split()[:4]
        if len(words) == 4 and words[0] == "search":
            first, second, third = words[1:]
            return second == f"svc.{third}" and first.endswith(f".{second}")
    return False
