"""What the programs say, and what is made of it."""

from __future__ import annotations

import pytest

from analyzer.errors import FilterError, UsageError
from analyzer.live.child import Counters, Wish, command, counted, explain, listing, notable

WISH = Wish(("lo",), "port 53", count=7)


def test_the_last_counters_of_tcpdump_count() -> None:
    said = "tcpdump: 5 packets captured, 6 packets received by filter, 1 packet dropped by kernel\n7 packets captured\n9 packets received by filter\n2 packets dropped by kernel\n1 packet dropped by interface\n"
    assert counted(said) == Counters(7, 9, 2, 1)
    assert counted(said).drops == {"ifrecv": 9, "osdrop": 2, "ifdrop": 1}
    assert counted("listening on lo") == Counters()


def test_dumpcap_counts_each_interface() -> None:
    said = (
        "Packets captured: 12\n"
        "Packets received/dropped on interface 'a': 10/3 (pcap:3/dumpcap:0/flushed:0/ps_ifdrop:1) (76.9%)\n"
        "Packets received/dropped on interface 'b': 2/0 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (100.0%)\n"
    )
    assert counted(said) == Counters(12, 15, 3, 1)


def test_the_filter_is_never_an_option() -> None:
    words = command("/usr/bin/tcpdump", Wish(("lo",), "-w /etc/passwd"))
    assert words[-2:] == ["--", "-w /etc/passwd"]
    assert command("/usr/bin/tcpdump", WISH)[-4:-2] == ["-c", "7"]


def test_dumpcap_takes_several_interfaces_into_one_stream() -> None:
    words = command("/usr/bin/dumpcap", Wish(("lo", "any"), "port 53"))
    assert [words[at + 1] for at, word in enumerate(words) if word == "-i"] == ["lo", "any"]
    assert words.count("-f") == 2
    assert "-P" not in words  # only pcapng tells interfaces apart


def test_an_interface_that_is_not_there_is_said_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="no interface 'nosuch0'"):
        command("/usr/bin/tcpdump", Wish(("nosuch0",), ""))
    assert any(line.endswith("lo [loopback]") for line in listing())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "tcpdump: lo: You don't have permission to capture on that device",
            "sudo setcap cap_net_raw,cap_net_admin+ep /x/tcpdump",
        ),
        ("tcpdump: lo: No such device exists", "dnsloupe live -D lists them"),
        ("tcpdump: lo: That device is not up", "ip link set lo up"),
        ("tcpdump: strange", "lo: tcpdump: strange"),
        ("", "it ended without a word"),
    ],
)
def test_each_failure_says_what_to_do(said: str, told: str) -> None:
    assert told in str(explain(said, "/x/tcpdump", WISH))


def test_a_filter_that_does_not_compile_is_a_filter_error() -> None:
    assert isinstance(explain("tcpdump: can't parse filter expression: syntax error", "/x/tcpdump", WISH), FilterError)


def test_the_line_that_tells_why_it_ended() -> None:
    assert notable("tcpdump: pcap_loop: The interface disappeared\n3 packets captured\n").endswith(
        "interface disappeared"
    )
    assert notable("3 packets captured\n") == ""
