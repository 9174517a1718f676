"""The contract suite runs on both decoders: `decoder` is each in turn."""

from __future__ import annotations

import pytest

from analyzer.decode.reference import ReferenceDecoder
from tests.decode.runs import Make, Reader, native_class, run


@pytest.fixture(params=["reference", pytest.param("native", marks=pytest.mark.native)])
def make(request: pytest.FixtureRequest) -> Make:
    """Each decoder's class in turn; the native one is skipped where it was not built, but not under CI."""
    return ReferenceDecoder if request.param == "reference" else native_class()


@pytest.fixture
def decoder(make: Make) -> Reader:
    """`decoder(capture, …, chunk=…, **options)` reads captures with each decoder in turn."""
    return lambda *files, **options: run(make, *files, **options)
