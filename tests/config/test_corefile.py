"""Server blocks, keys, imports."""

from __future__ import annotations

from analyzer.config.corefile import Corefile, read
from analyzer.config.parsed import Parsed


def zones(parsed: Parsed[Corefile]) -> list[list[tuple[str, int]]]:
    return [[(key.zone, key.port) for key in block.keys] for block in parsed.content.blocks]


def test_several_keys_ports_schemes_and_address_blocks() -> None:
    text = "example.org:1053, dns://example.net tls://. 10.0.0.0/8:5353 {\n  forward . 192.0.2.1\n}\n"
    assert zones(read(text, "f")) == [
        [("example.org.", 1053), ("example.net.", 53), (".", 853), ("10.in-addr.arpa.", 5353)]
    ]


def test_snippets_with_arguments() -> None:
    text = "(up) {\n  forward . {args[0]}\n  loop\n}\n. {\n  import up 192.0.2.7\n}\n"
    (block,) = read(text, "f").content.blocks
    assert [one.address for one in block.forwards[0].to if not isinstance(one, str)] == ["192.0.2.7"]
    assert block.loop is not None
    assert block.loop.line == 3, "the line of the snippet, where it has to be changed"


def test_imported_files_keep_their_own_lines() -> None:
    files = {
        "custom/*.override": [("a.override", "log\nforward . 192.0.2.1\n")],
        "more": [("more", "lan {\n file db\n}\n")],
    }
    parsed = read(
        ". {\n  import custom/*.override\n}\nimport more\n", "Corefile", opener=lambda name: files.get(name, ())
    )
    assert zones(parsed) == [[(".", 53)], [("lan.", 53)]]
    assert parsed.content.blocks[0].forwards[0].source.place == "a.override:2"
    assert not parsed.problems


def test_a_missing_import_is_told_and_an_empty_glob_is_not() -> None:
    parsed = read("import absent\nimport none/*\n. {\n  loop\n}\n", "f")
    assert [(one.source.line, one.why) for one in parsed.problems] == [
        (1, "imported file or snippet absent was not given")
    ]


def test_a_file_that_imports_itself_ends() -> None:
    parsed = read("import me\n. {\n  loop\n}\n", "me", opener=lambda _: [("me", "import me\nimport me\nimport me\n")])
    assert any("go round" in one.why for one in parsed.problems)
    assert len(parsed.content.blocks) == 1


def test_one_block_without_braces() -> None:
    parsed = read("example.org\nforward . 192.0.2.1 {\n  policy sequential\n}\nloop\n", "f")
    (block,) = parsed.content.blocks
    assert block.forwards[0].policy == "sequential"
    assert block.loop is not None


def test_bind_addresses_and_interfaces() -> None:
    (block,) = read(". {\n  bind 169.254.25.10 0.0.0.0 eth0\n  forward . 192.0.2.1\n}\n", "f").content.blocks
    assert block.bind == ("169.254.25.10",)
    assert block.interfaces == ("eth0",)


def test_placeholders_and_bad_keys() -> None:
    parsed = read("__PILLAR__DNS__DOMAIN__:53 {\n  bind __PILLAR__LOCAL__DNS__\n}\nexample.org:99999 {\n}\n", "f")
    assert [(name, source.line) for name, source in parsed.content.pillars] == [
        ("__PILLAR__DNS__DOMAIN__", 1),
        ("__PILLAR__LOCAL__DNS__", 2),
    ]
    assert [(one.source.line, one.error) for one in parsed.problems] == [(4, True), (4, True)]
