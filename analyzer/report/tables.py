"""Tables for pandas and Arrow: columns with types, units and time zones; ids become categories, never a text per row.

Every table is a list of `Col`. `frame` makes a DataFrame of it and `arrow` an Arrow table with the same columns: times are
UTC with nanoseconds, names and codes are categories (dictionaries in Arrow), what may be absent is nullable.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analyzer.dns import classes, opcodes, rcodes, rrtypes
from analyzer.dns.anomalies import Anomaly
from analyzer.errors import MissingExtra
from analyzer.measures.folds import Sided
from analyzer.messages import AddressTable, Array, Ending, NameTree, Outcome, Present, State, Table, Transport

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["COLUMNS", "Col", "Words", "arrow", "columns", "frame", "record_columns"]


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """A column of categories: `codes` index `words`, -1 is absent. Words are distinct."""

    codes: Array
    words: Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Col:
    """One column: `kind` is `time`, `duration`, `int`, `float`, `bool`, `word` or `text`; `unit` and `doc` say what it is.

    `values` are ns for times and durations; `valid` marks the rows that hold a value (None: all).
    """

    name: str
    kind: str
    unit: str
    doc: str
    values: Array | Words
    valid: Array | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Texts:
    """The dictionaries behind id columns, each word made once however many rows hold it."""

    names: NameTree
    addresses: AddressTable
    interfaces: Mapping[int, str]

    def words(self, ids: Array, text: Callable[[int], str]) -> Words:
        unique, codes = np.unique(ids, return_inverse=True)
        words = [text(int(ident)) for ident in unique]
        index = {word: at for at, word in enumerate(dict.fromkeys(words))}
        if len(index) < len(words):  # two ids of one word: the categories must be distinct
            codes = np.array([index[word] for word in words], np.int64)[codes]
        return Words(codes.astype(np.int32), list(index))


def _enum(values: type[enum.IntEnum]) -> Callable[[int], str]:
    by_number = {int(member): member.name.lower().replace("_", "-") for member in values}
    return lambda number: by_number.get(number, str(number))


def _anomalies(bits: int) -> str:
    return ",".join(Anomaly(bits).words) or "-"


_Spec = tuple[str, str, str, str, str]  # column, kind, source column, unit, doc
_MESSAGES: Final[tuple[_Spec, ...]] = (
    ("time", "time", "time_ns", "UTC", "time of the frame (of a query's earliest copy, of a response's latest)"),
    ("file", "int", "file", "index", "input file, from 0"),
    ("frame", "int", "frame", "number", "Wireshark's frame number, from 1"),
    ("interface", "interface", "interface", "", "capture interface"),
    ("src", "address", "src_addr", "", "sender"),
    ("src_port", "int", "src_port", "port", "sender's port"),
    ("dst", "address", "dst_addr", "", "receiver"),
    ("dst_port", "int", "dst_port", "port", "receiver's port"),
    ("transport", "transport", "transport", "", "udp or tcp"),
    ("msg_id", "int", "msg_id", "number", "DNS ID"),
    ("response", "bit:0x8000", "flags", "", "whether it is a response"),
    ("opcode", "opcode", "flags", "", "operation"),
    ("rcode", "rcode", "flags", "", "response code, without the extended bits"),
    ("truncated", "bit:0x0200", "flags", "", "TC: the answer did not fit"),
    ("qname", "name?QUESTION", "qname", "", "name asked, lower case, no final dot"),
    ("qtype", "rrtype?QUESTION", "qtype", "", "type asked"),
    ("qclass", "class?QUESTION", "qclass", "", "class asked"),
    ("ancount", "int", "ancount", "records", "answer records as claimed"),
    ("nscount", "int", "nscount", "records", "authority records as claimed"),
    ("answer_ttl", "int?ANSWER", "answer_ttl", "s", "least TTL in the answer section"),
    ("answer_addr", "address?ADDRESS", "answer_addr", "", "first address answered"),
    ("soa_owner", "name?SOA", "soa_owner", "", "owner of the SOA in the authority section"),
    ("soa_minimum", "int?SOA", "soa_minimum", "s", "MINIMUM of that SOA"),
    ("edns_size", "int?EDNS", "edns_size", "octets", "EDNS payload size"),
    ("size", "int", "size", "octets", "DNS message"),
    ("views", "int", "views", "frames", "frames that carried this packet"),
    ("anomalies", "anomalies", "anomalies", "", "what is wrong with the message, or -"),
)
_TRANSACTIONS: Final[tuple[_Spec, ...]] = (
    ("time", "time", "time_ns", "UTC", "the query (the response, for an orphan)"),
    ("file", "int", "file", "index", "file of the query"),
    ("frame", "int", "frame", "number", "frame of the query"),
    ("client", "address", "client", "", "who asks"),
    ("client_port", "int", "client_port", "port", "port of the client"),
    ("server", "address", "server", "", "who is asked"),
    ("transport", "transport", "transport", "", "udp or tcp"),
    ("msg_id", "int", "msg_id", "number", "DNS ID"),
    ("qname", "name", "qname", "", "name"),
    ("qtype", "rrtype", "qtype", "", "type"),
    ("state", "state", "state", "", "answered, late, unanswered, pending or orphan"),
    ("outcome", "outcome", "outcome", "", "data, nodata, nxdomain, servfail, refused, error, silence, pending"),
    ("rcode", "fullrcode?rtt", "rcode", "", "response code with the extended bits"),
    ("rtt", "duration?rtt", "rtt_ns", "", "response less query"),
    ("response_frame", "int?rtt", "r_frame", "number", "frame of the response"),
    ("send", "int", "send", "number", "0 for the first send of its question, 1 for the first retry, …"),
    ("question", "int", "question", "number", "first send of its question, as `number`"),
    ("number", "int", "row", "number", "unique message, from 0, in order of time"),
)
_LOOKUPS: Final[tuple[_Spec, ...]] = (
    ("lookup", "int", "lookup", "number", "the lookup, as in `chains`"),
    ("time", "time", "time_ns", "UTC", "first query"),
    ("duration", "duration?end", "end_ns", "", "first query to last answer"),
    ("client", "address", "client", "", "who asks"),
    ("server", "address", "server", "", "server of the first query"),
    ("steps", "int", "steps", "count", "names tried"),
    ("questions", "int", "questions", "count", "questions"),
    ("queries", "int", "queries", "messages", "queries sent, retries included"),
    ("ending", "ending", "ending", "", "answered, nodata, failed, abandoned or pending"),
    ("one_port", "bit:0x1", "one_port", "", "whether all names went out from one port"),
    ("serial", "bit:0x1", "serial", "", "whether A and AAAA followed one another"),
)
_CHAINS: Final[tuple[_Spec, ...]] = (
    ("lookup", "int", "lookup", "number", "the lookup, as in `lookups`"),
    ("position", "int", "position", "number", "0 for the first name, …"),
    ("time", "time", "time_ns", "UTC", "first send"),
    ("file", "int", "file", "index", "file of the first send"),
    ("frame", "int", "frame", "number", "frame of the first send"),
    ("qname", "name", "qname", "", "the name tried"),
    ("server", "address", "server", "", "server asked first"),
    ("a", "outcome", "outcome_a", "", "what A got"),
    ("aaaa", "outcome", "outcome_aaaa", "", "what AAAA got"),
    ("other", "outcome", "outcome_other", "", "what another type got"),
    ("queries", "int", "queries", "messages", "queries sent, retries included"),
    ("duration", "duration?end", "end_ns", "", "first send to last answer"),
)
COLUMNS: Final[Mapping[str, tuple[_Spec, ...]]] = {
    "messages": _MESSAGES,
    "transactions": _TRANSACTIONS,
    "lookups": _LOOKUPS,
    "chains": _CHAINS,
}
"""The columns of the tables with a row per message, transaction, lookup and step."""

_CODES: Final[Mapping[str, Callable[[int], str]]] = {
    "transport": _enum(Transport),
    "state": _enum(State),
    "outcome": _enum(Outcome),
    "ending": _enum(Ending),
    "rrtype": rrtypes.text,
    "class": classes.text,
    "fullrcode": rcodes.text,
    "anomalies": _anomalies,
}


def columns(
    what: str, table: Table, names: NameTree, addresses: AddressTable, interfaces: Mapping[int, str]
) -> list[Col]:
    """The columns of one of `COLUMNS`, from a contract table."""
    texts = _Texts(names, addresses, interfaces)
    return [_column(table, texts, spec) for spec in COLUMNS[what]]


def _column(table: Table, texts: _Texts, spec: _Spec) -> Col:
    name, kind, source, unit, doc = spec
    kind, _, condition = kind.partition("?")
    values = table.columns()[source]
    valid = _valid(table, condition)
    if kind == "time":
        return Col(name, "time", unit, doc, values)
    if kind == "duration":
        length = values - table.time_ns if source == "end_ns" else values
        return Col(name, "duration", "ns", doc, length, valid)
    if kind.startswith("bit:"):
        return Col(name, "bool", unit, doc, (values & int(kind[4:], 16)) != 0)
    if kind == "int":
        return Col(name, "int", unit, doc, values, valid)
    words = _words(kind, values, texts)
    if valid is not None:
        words = Words(np.where(valid, words.codes, -1), words.words)
    return Col(name, "word", unit, doc, words)


def _valid(table: Table, condition: str) -> Array | None:
    if not condition:
        return None
    if condition == "rtt":
        return np.asarray(table.rtt_ns >= 0)
    if condition == "end":
        return np.asarray(table.end_ns >= 0)
    return np.asarray(table.present & int(Present[condition]) != 0)


def _words(kind: str, values: Array, texts: _Texts) -> Words:
    if kind == "name":
        return texts.words(values, texts.names.text)
    if kind == "address":
        return texts.words(values, texts.addresses.text)
    if kind == "interface":
        return texts.words(values, lambda ident: texts.interfaces.get(ident) or str(ident))
    if kind == "opcode":
        return texts.words((values >> 11) & 15, opcodes.text)
    if kind == "rcode":
        return texts.words(values & 15, rcodes.text)
    return texts.words(values, _CODES[kind])


_TIMES: Final = frozenset(("first", "last", "start"))
_FIELD_UNITS: Final = {
    "per_min": "1/min",
    "active_per_min": "1/min",
    "peak_60s": "in the busiest 60 s",
    "first": "UTC",
    "last": "UTC",
    "start": "UTC",
}


def record_columns(rows: Iterable[Any] | Sided[Any]) -> list[Col]:
    """Columns of a table of row dataclasses (names, clients, findings …): fields that hold no single value become text."""
    listed = list(rows.all() if isinstance(rows, Sided) else rows)
    if not listed:
        return []
    return [_record_column(f.name, [getattr(row, f.name) for row in listed]) for f in dataclasses.fields(listed[0])]


def _record_column(name: str, values: list[Any]) -> Col:
    unit = _FIELD_UNITS.get(name, "")
    if name in _TIMES:
        return Col(name, "time", unit, "", np.array([v or 0 for v in values], np.int64), _given(values))
    if all(isinstance(v, bool) for v in values):
        return Col(name, "bool", unit, "", np.array(values, np.bool_))
    if all(v is None or (isinstance(v, int) and not isinstance(v, enum.Enum | bool)) for v in values):
        return Col(name, "int", unit, "", np.array([v or 0 for v in values], np.int64), _given(values))
    if all(v is None or isinstance(v, int | float) and not isinstance(v, enum.Enum) for v in values):
        filled = [np.nan if v is None else float(v) for v in values]
        return Col(name, "float", unit, "", np.array(filled, np.float64), _given(values))
    texts = [_text(v) for v in values]
    index = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    return Col(name, "word", unit, "", Words(np.array([index[t] for t in texts], np.int32), list(index)))


def _given(values: Sequence[Any]) -> Array | None:
    given = np.array([v is not None for v in values], np.bool_)
    return None if given.all() else given


def _text(value: Any) -> str:
    """One cell of text: mappings as `word:count`, sequences parted by spaces, dataclasses by their fields."""
    if value is None:
        return ""
    if isinstance(value, enum.Enum):
        return value.value if isinstance(value.value, str) else value.name.lower()
    if isinstance(value, Mapping):
        return " ".join(f"{_text(k)}:{_text(v)}" for k, v in value.items())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return " ".join(f"{f.name}={_text(getattr(value, f.name))}" for f in dataclasses.fields(value))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " ".join(map(_text, value))
    return str(value)


def frame(cols: Sequence[Col], index: str = "") -> pd.DataFrame:
    """A DataFrame: datetime64[ns, UTC], timedelta64[ns], Int64 where a value may be absent, categories for words."""
    import pandas as pd

    out = pd.DataFrame({col.name: _series(col) for col in cols})
    out.attrs["columns"] = {col.name: {"unit": col.unit, "doc": col.doc} for col in cols}
    return out.set_index(index) if index and len(out.columns) else out


def _series(col: Col) -> Any:
    import pandas as pd

    if isinstance(col.values, Words):
        return pd.Categorical.from_codes(col.values.codes, categories=pd.Index(col.values.words, dtype=object))
    if col.kind in ("time", "duration"):
        if col.valid is None:
            stamps = col.values.astype("datetime64[ns]" if col.kind == "time" else "timedelta64[ns]")
        else:
            empty = np.iinfo(np.int64).min  # NaT
            stamps = np.where(col.valid, col.values, empty).astype(
                "datetime64[ns]" if col.kind == "time" else "timedelta64[ns]"
            )
        return pd.Series(stamps).dt.tz_localize("UTC") if col.kind == "time" else pd.Series(stamps)
    if col.kind == "int" and col.valid is not None:
        return pd.array(np.asarray(col.values, np.int64), dtype="Int64")._from_sequence(
            pd.arrays.IntegerArray(np.asarray(col.values, np.int64), ~col.valid)
        )
    return col.values


def arrow(cols: Sequence[Col]) -> pa.Table:
    """An Arrow table: timestamp[ns, UTC], duration[ns], dictionary<int32, string>, nulls where a value is absent.

    Units and descriptions are in the fields' metadata. Raises MissingExtra without pyarrow.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtra("Arrow tables need pyarrow: pip install 'dnsloupe[parquet]'") from None
    arrays = [_arrow_array(pa, col) for col in cols]
    fields = [
        pa.field(col.name, array.type, metadata={"unit": col.unit, "doc": col.doc})
        for col, array in zip(cols, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _arrow_array(pa: Any, col: Col) -> Any:
    if isinstance(col.values, Words):
        codes = pa.array(col.values.codes, pa.int32(), mask=col.values.codes < 0)
        return pa.DictionaryArray.from_arrays(codes, pa.array(col.values.words, pa.string()))
    mask = None if col.valid is None else ~col.valid
    types = {"time": pa.timestamp("ns", "UTC"), "duration": pa.duration("ns")}
    if col.kind in types:
        return pa.array(col.values.astype(np.int64), pa.int64(), mask=mask).cast(types[col.kind])
    return pa.array(col.values, mask=mask)
