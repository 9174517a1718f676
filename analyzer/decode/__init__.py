"""Bytes of captures to columns: two decoders, one meaning.

`reference` is the meaning, in Python; `native` is the same, fast. This is the only place that looks for the extension.
"""

from __future__ import annotations

from typing import Literal

from analyzer.errors import UsageError
from analyzer.messages import DecodeOptions, Decoder

__all__ = ["decoder", "native_error"]

Kind = Literal["auto", "native", "reference"]


def native_error() -> str | None:
    """Why the native decoder cannot be loaded, in one line, or None where it can."""
    try:
        import analyzer.decode._native  # noqa: F401 - only whether it loads is asked
    except ImportError as error:
        return str(error).splitlines()[0] if str(error) else "the extension does not load"
    return None


def decoder(kind: Kind, options: DecodeOptions) -> Decoder:
    """A decoder; "auto" is the native one where it loads. Raises UsageError where "native" is asked for and does not."""
    if kind not in ("auto", "native", "reference"):
        raise UsageError(f"unknown decoder {kind!r} (auto, native, reference)")
    error = None if kind == "reference" else native_error()
    if kind == "native" and error is not None:
        raise UsageError(f"the native decoder is not there: {error}")
    if kind == "reference" or error is not None:
        from analyzer.decode.reference import ReferenceDecoder

        return ReferenceDecoder(options)
    from analyzer.decode.native import NativeDecoder

    return NativeDecoder(options)
