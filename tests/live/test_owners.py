"""Sockets to processes, from the kernel's own tables."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from analyzer.live.owners import owners


def test_a_socket_of_ours_is_ours() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        found = owners([sock.getsockname(), ("127.0.0.1", 1)])
        assert list(found) == [sock.getsockname()]
        assert found[sock.getsockname()].endswith(f"({os.getpid()})")


def test_a_socket_of_all_addresses_answers_for_each(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    line = "  0: 00000000:0035 00000000:0000 07 0:0 0:0 0 0 0 4711 2 0 0\n"
    (tmp_path / "net" / "udp").write_text(head + line)
    (tmp_path / "33" / "fd").mkdir(parents=True)
    (tmp_path / "33" / "comm").write_text("coredns\n")
    (tmp_path / "33" / "fd" / "5").symlink_to("socket:[4711]")
    assert owners([("10.0.0.1", 53)], tmp_path) == {("10.0.0.1", 53): "coredns (33)"}
    assert owners([("10.0.0.1", 54)], tmp_path) == {}


def test_a_machine_without_proc_knows_nothing(tmp_path: Path) -> None:
    assert owners([("10.0.0.1", 53)], tmp_path / "none") == {}
