"""Names: labels and wire form to RFC 1035 presentation form, and back."""

from __future__ import annotations

import re

__all__ = ["label_text", "wire_name"]

_PLAIN = re.compile(rb"[!-\-/-\[\]-~]*")
_ESCAPED = re.compile(rb"\\([0-9]{3})|\\(.)|(.)", re.DOTALL)


def label_text(label: bytes) -> str:
    """One label as RFC 1035 section 5.1 writes it: `\\.`, `\\\\`, `\\DDD` for what does not print (space too)."""
    if _PLAIN.fullmatch(label):
        return label.decode("ascii")
    out = []
    for octet in label:
        if octet in b".\\":
            out.append("\\" + chr(octet))
        elif 0x21 <= octet <= 0x7E:
            out.append(chr(octet))
        else:
            out.append(f"\\{octet:03d}")
    return "".join(out)


def wire_name(text: str) -> list[bytes]:
    """Presentation form to labels, leftmost first; a final dot is optional, `.` and the empty text are the root."""
    labels: list[bytearray] = [bytearray()]
    for decimal, escaped, plain in _ESCAPED.findall(text.encode("utf-8")):
        if decimal:
            labels[-1].append(min(int(decimal), 255))
        elif plain == b".":
            labels.append(bytearray())
        else:
            labels[-1] += escaped or plain
    if not labels[-1]:
        labels.pop()
    return [bytes(label) for label in labels] if any(labels) else []
