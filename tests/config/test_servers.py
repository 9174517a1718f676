"""What CoreDNS, dnsmasq and resolved do with a name."""

from __future__ import annotations

from analyzer.config import corefile, dnsmasq, resolved
from analyzer.config.instances import Decision
from analyzer.config.resolvconf import ResolvConf
from analyzer.config.resolvconf import read as read_resolvconf
from analyzer.config.servers import coredns
from analyzer.config.servers import dnsmasq as dnsmasq_server
from analyzer.config.servers import resolved as resolved_server
from analyzer.config.site import Host, NameserverFile


def targets(decision: Decision) -> list[tuple[str, float, bool]]:
    return [(ask.endpoint.address, round(ask.probability, 3), ask.on_failure) for ask in decision.asks]


def corefile_decides(text: str, name: str, conf: str = "") -> Decision:
    blocks = corefile.read(text, "f").content.blocks
    content: ResolvConf = read_resolvconf(conf, "resolv.conf").content
    return coredns(blocks, lambda path: NameserverFile(content, path), ["10.96.77.1"])(name)


def test_the_longest_zone_and_the_first_fitting_forward() -> None:
    text = (
        ". {\n forward lan 192.0.2.1\n forward . 192.0.2.2 {\n except corp.example\n }\n}\n"
        "example.org {\n forward . 192.0.2.3\n}\n"
    )
    assert targets(corefile_decides(text, "a.lan.")) == [("192.0.2.1", 1.0, False)]
    assert targets(corefile_decides(text, "a.example.org.")) == [("192.0.2.3", 1.0, False)]
    assert targets(corefile_decides(text, ".")) == [("192.0.2.2", 1.0, False)]
    assert corefile_decides(text, "a.corp.example.").asks == ()


def test_no_block_is_refused() -> None:
    assert "REFUSED" in corefile_decides("lan {\n forward . 192.0.2.1\n}\n", "example.org.").ends


def test_all_nameservers_of_a_file_count_even_twice() -> None:
    conf = "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
    decision = corefile_decides(". {\n forward . /etc/resolv.conf 192.0.2.1\n}\n", ".", conf)
    assert targets(decision) == [("192.0.2.1", 0.333, False), ("192.0.2.2", 0.333, False), ("192.0.2.1", 0.333, False)]
    assert [source.place for source in decision.asks[1].sources] == ["f:2", "resolv.conf:2"]


def test_placeholders_that_node_cache_fills_in() -> None:
    text = ". {\n forward . __PILLAR__CLUSTER__DNS__ __PILLAR__UPSTREAM__SERVERS__ __PILLAR__OTHER__\n}\n"
    found = targets(corefile_decides(text, ".", "nameserver 192.0.2.9\n"))
    assert found == [("10.96.77.1", 0.5, False), ("192.0.2.9", 0.5, False)]


def test_data_plugins_come_before_forward_whatever_the_order() -> None:
    text = ". {\n forward . 192.0.2.1\n kubernetes cluster.local\n}\n"
    assert "kubernetes" in corefile_decides(text, "a.cluster.local.").ends


def test_dnsmasq_policies_and_own_addresses() -> None:
    def decide(*lines: str) -> list[tuple[str, float, bool]]:
        rules = dnsmasq.read(
            "\n".join(("no-resolv", "server=192.0.2.1", "server=127.0.0.1", "server=192.0.2.2", *lines)), "f"
        ).content
        return targets(dnsmasq_server(rules, Host("gw"), lambda literal: literal.startswith("127."))("example.org."))

    assert decide() == [("192.0.2.1", 0.5, False), ("192.0.2.2", 0.5, False)]
    assert decide("all-servers") == [("192.0.2.1", 1.0, False), ("192.0.2.2", 1.0, False)]
    assert decide("strict-order") == [("192.0.2.1", 1.0, False), ("192.0.2.2", 1.0, True)]


def test_dnsmasq_reads_its_resolv_file_unless_told_not_to() -> None:
    host = Host("gw", files={"/etc/upstream": read_resolvconf("nameserver 192.0.2.8\n", "up").content})
    with_file = dnsmasq.read("resolv-file=/etc/upstream\nlocal=/lan/\n", "f").content
    assert targets(dnsmasq_server(with_file, host, lambda _: False)(".")) == [("192.0.2.8", 1.0, False)]
    assert "SOA" in dnsmasq_server(with_file, host, lambda _: False)("a.lan.").ends
    without = dnsmasq.read("resolv-file=/etc/upstream\nno-resolv\n", "f").content
    assert dnsmasq_server(without, host, lambda _: False)(".").asks == ()


def test_resolved_scopes() -> None:
    status = resolved.read_status(
        "Global\n DNS Servers: 192.0.2.1\n DNS Domain: svc.example\nLink 2 (e)\n DNS Servers: 192.0.2.2\n 192.0.2.3\n"
        "Link 3 (tun)\n DNS Servers: 192.0.2.4\n DNS Domain: ~corp.example\n",
        "f",
    ).content
    host = Host("node", resolved=status.resolved, links=status.links)
    decide = resolved_server(host, lambda _: False)
    assert targets(decide(".")) == [("192.0.2.1", 1.0, False), ("192.0.2.2", 1.0, False), ("192.0.2.3", 1.0, True)]
    assert targets(decide("a.svc.example.")) == [("192.0.2.1", 1.0, False)]
    assert targets(decide("a.corp.example.")) == [("192.0.2.4", 1.0, False)]


def test_resolved_refuses_its_own_stub() -> None:
    host = Host("node", resolved=resolved.read("[Resolve]\nDNS=127.0.0.53\n", "f").content)
    assert resolved_server(host, lambda literal: literal == "127.0.0.53")(".").asks == ()


def test_resolved_takes_a_foreign_resolv_conf_only_without_servers_of_its_own() -> None:
    conf = read_resolvconf("nameserver 192.0.2.5\n", "r").content
    host = Host("node", resolved=resolved.Resolved(), roles={"node": conf})
    assert targets(resolved_server(host, lambda _: False)(".")) == [("192.0.2.5", 1.0, False)]
    host.resolved = resolved.read("[Resolve]\nDNS=192.0.2.6\n", "f").content
    assert targets(resolved_server(host, lambda _: False)(".")) == [("192.0.2.6", 1.0, False)]
