"""Names as text, built label by label, and their order by bytes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.measures import Context
from analyzer.measures.cellstore import NO_NAME, OTHER_NAMES
from analyzer.measures.texts import Texts

LABEL = st.binary(min_size=1, max_size=4)


@given(st.lists(st.lists(LABEL, max_size=4), min_size=1, max_size=20))
def test_texts_are_those_of_the_tree(names: list[list[bytes]]) -> None:
    context = Context()
    nodes = []
    for labels in names:
        node = 0
        for label in labels:
            node = context.names.add(node, label)
        nodes.append(node)
    texts = Texts(context)
    assert [texts.name(node) for node in nodes] == [context.names.text(node) for node in nodes]
    ranked = sorted(zip(texts.name_rank(np.array(nodes)).tolist(), nodes, strict=True))
    written = [texts.name(node).encode() for _, node in ranked]
    assert written == sorted(written)


def test_what_is_no_name() -> None:
    texts = Texts(Context())
    assert (texts.name(OTHER_NAMES), texts.name(NO_NAME), texts.name(0)) == ("(others)", "", ".")


def test_names_that_came_later_are_known() -> None:
    context = Context()
    texts = Texts(context)
    first = context.names.add_text("a.example.org")
    assert texts.name(first) == "a.example.org"
    assert texts.name(context.names.add_text("b.example.org")) == "b.example.org"
