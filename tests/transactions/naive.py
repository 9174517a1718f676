"""The rules of `analyzer.transactions` once more, as plain loops over dictionaries: slow, and each rule in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analyzer.dns.anomalies import Anomaly
from analyzer.messages import MessageBatch, Outcome, Present, State
from analyzer.options import Limits

Row = dict[str, Any]


def rows_of(batches: Iterable[MessageBatch]) -> list[Row]:
    """Messages as dictionaries."""
    out = []
    for batch in batches:
        columns = {name: values.tolist() for name, values in batch.columns().items()}
        out += [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return out


def has(row: Row, bit: Present, column: str = "present") -> bool:
    return bool(row[column] & bit.value)


def is_response(row: Row) -> bool:
    return bool(row["flags"] & 0x8000)


def ordered(rows: Sequence[Row], limits: Limits) -> list[Row]:
    """Rows in order of time; those that come more than `order_ns` late continue from the latest time before."""
    latest, shift, moved, out = None, 0, False, []
    for row in map(dict, rows):
        time = row["time_ns"]
        late = latest is not None and time < latest - limits.order_ns
        if late:
            if not moved or time + shift < latest - limits.order_ns:
                shift = latest - time
            row["time_ns"] = time + shift
            row["anomalies"] |= int(Anomaly.OUT_OF_ORDER)
        moved = late
        latest = row["time_ns"] if latest is None else max(latest, row["time_ns"])
        out.append(row)
    return sorted(out, key=lambda r: (r["time_ns"], r["file"], r["frame"]))


def unique(rows: Sequence[Row], window: int | None) -> list[Row]:
    """Messages without copies; `views` lists all frames of each, `span` their first and last time."""
    groups: list[list[Row]] = []
    still: list[list[Row]] = []
    for row in rows:
        still = [g for g in still if window is not None and row["time_ns"] - g[0]["time_ns"] <= window]
        alike = (g for g in still if g[0]["payload_hash"] == row["payload_hash"])
        group = next((g for g in alike if joins(row, g)), None)
        if group is None:
            group = []
            groups.append(group)
            still.append(group)
        group.append(row)
    found = []
    for group in groups:
        chosen = dict(group[-1] if is_response(group[0]) else group[0])
        ends = [(chosen[f"{side}_addr"], chosen[f"{side}_port"]) for side in ("src", "dst")]
        client, server = reversed(ends) if is_response(chosen) else ends
        found.append(chosen | {"views": group, "client": client, "server": server})
    found.sort(key=lambda r: (r["time_ns"], r["file"], r["frame"]))
    return [row | {"row": number} for number, row in enumerate(found)]


def joins(row: Row, group: Sequence[Row]) -> bool:
    """Whether a frame is a copy of those in the group (which are copies of each other)."""
    first = group[0]
    numbered = has(row, Present.IP_ID) and row["ip_id"] != 0
    octets = ["payload_hash", "transport", "ip_id"] if numbered else ["payload_hash", "transport", *ENDS]
    same = all(row[name] == first[name] for name in octets) and numbered == (
        has(first, Present.IP_ID) and first["ip_id"] != 0
    )
    if has(row, Present.FLOW):
        same = same and row["tcp_seq"] == first["tcp_seq"]
    if not same:
        return False
    if numbered and any(row["ip_hash"] == other["ip_hash"] for other in group):
        return True
    return all(place(row) != place(other) for other in group)


ENDS = ["src_addr", "dst_addr", "src_port", "dst_port"]


def place(row: Row) -> tuple[int, int | None]:
    return row["interface"], row["direction"] if has(row, Present.DIRECTION) else None


def endpoints(row: Row) -> set[tuple[Any, ...]]:
    """Client and server under every view."""
    out = set()
    for view in row["views"]:
        src, dst = ((view[f"{side}_addr"], view[f"{side}_port"]) for side in ("src", "dst"))
        out.add((dst, src) if is_response(row) else (src, dst))
    return out


def takes_part(row: Row) -> bool:
    count = row["qdcount"] <= 1 if is_response(row) else row["qdcount"] == 1
    chaos = has(row, Present.QUESTION) and row["qclass"] == 3
    return not row["flags"] & 0x7800 and count and not chaos


def asked(row: Row) -> tuple[int, int, int] | None:
    return (row["qname_hash"], row["qtype"], row["qclass"]) if has(row, Present.QUESTION) else None


def fits(query: Row, response: Row, limits: Limits) -> bool:
    both = (query["transport"], query["msg_id"]) == (response["transport"], response["msg_id"])
    questions = query["asked"], response["asked"]
    near = response["time_ns"] - query["time_ns"] <= limits.match_ns
    return (
        both and near and (None in questions or questions[0] == questions[1]) and bool(query["ends"] & response["ends"])
    )


def transactions(messages: Sequence[Row], limits: Limits, end_ns: int) -> list[Row]:
    """One row per query and per orphan response, with everything that the contract says of it."""
    out: list[Row] = []
    open_queries: list[Row] = []
    transfers: set[Any] = set()
    for row in filter(takes_part, messages):
        row["asked"], row["ends"] = asked(row), endpoints(row)
        if not is_response(row):
            out.append(row | {"answer": None})
            open_queries.append(out[-1])
            continue
        open_queries = [q for q in open_queries if row["time_ns"] - q["time_ns"] <= limits.match_ns]
        found = next((q for q in reversed(open_queries) if fits(q, row, limits)), None)
        key = (row["client"], row["server"], row["msg_id"])
        if found is not None:
            found["answer"] = row
            open_queries.remove(found)
            if row["transport"] == 1 and found["qtype"] in (251, 252) and found["asked"]:
                transfers.add(key)
        elif row["transport"] != 1 or key not in transfers:
            out.append(row | {"answer": row})
    join_questions(out, limits)
    for row in out:
        finish(row, out, limits, end_ns)
    for row in out:
        row["fed_by"] = cause(row, out, limits)
    return out


def rcode(row: Row) -> int:
    return row["flags"] & 15 | (row["ext_rcode"] << 4 if has(row, Present.EDNS) else 0)


def orphan(row: Row) -> bool:
    return row["answer"] is not None and row["answer"]["row"] == row["row"]


def join_questions(rows: Sequence[Row], limits: Limits) -> None:
    for name, strict in (("question", False), ("strict_question", True)):
        members: dict[int, list[Row]] = {}
        done: list[Row] = []
        for row in rows:
            if orphan(row):
                row[name], row["send"] = None, 0
                continue
            row[name] = row["row"]
            parent = retried(row, done, strict, limits) if row["asked"] else None
            if parent is not None:
                mine = members[parent[name]]
                lasts = row["time_ns"] - mine[0]["time_ns"] <= limits.question_ns
                if lasts and len(mine) < limits.question_sends:
                    row[name] = parent[name]
            members.setdefault(row[name], []).append(row)
            if not strict:
                row["send"] = len(members[row[name]]) - 1
            done = [r for r in done if row["time_ns"] - r["time_ns"] <= limits.retry_same_id_ns] + [row]


def retried(row: Row, earlier: Sequence[Row], strict: bool, limits: Limits) -> Row | None:
    """The query that this one is a retry of."""
    alike = [
        r
        for r in earlier
        if r["asked"] and all(r[k] == row[k] for k in ("qname_hash", "qtype")) and r["client"][0] == row["client"][0]
    ]
    recent = [
        r for r in alike if row["time_ns"] - r["time_ns"] <= limits.retry_same_id_ns and r["msg_id"] == row["msg_id"]
    ]
    from_port = [r for r in recent if (r["client"][1], r["transport"]) == (row["client"][1], row["transport"])]
    found = from_port[-1:]
    outward = row["client"][0] != row["server"][0]
    if not strict and outward and recent and so_far(recent[-1], row) != "done":
        found += recent[-1:]
    if not found and not strict and outward and alike:
        last, known = alike[-1], so_far(alike[-1], row)
        gap = row["time_ns"] - last["time_ns"]
        at_once = known == "failed" and row["time_ns"] - last["answer"]["time_ns"] <= limits.retry_failed_ns
        if gap <= limits.retry_ns and (at_once or (known == "open" and gap >= limits.retry_silence_ns)):
            found = [last]
    return max(found, key=lambda r: r["row"], default=None)


def so_far(query: Row, later: Row) -> str:
    """What was known of a query when a later one was sent."""
    answer = query["answer"]
    if answer is None or answer["row"] > later["row"]:
        return "open"
    if rcode(answer) in (2, 5):
        return "failed"
    return "cut" if answer["flags"] & 0x0200 else "done"


def finish(row: Row, rows: Sequence[Row], limits: Limits, end_ns: int) -> None:
    answer = row["answer"]
    row["rtt_ns"] = row["server_rtt_ns"] = -1
    if answer is None:
        still = end_ns - row["time_ns"] < limits.pending_ns
        row["state"], row["outcome"] = (
            (State.PENDING, Outcome.PENDING) if still else (State.UNANSWERED, Outcome.SILENCE)
        )
        return
    row["rcode"], row["outcome"] = rcode(answer), outcome(answer)
    if orphan(row):
        row["state"] = State.ORPHAN
        return
    row["rtt_ns"] = answer["time_ns"] - row["time_ns"]
    row["server_rtt_ns"] = max(-1, min(v["time_ns"] for v in answer["views"]) - max(v["time_ns"] for v in row["views"]))
    again = row["rtt_ns"] >= limits.retry_silence_ns and any(
        r["question"] == row["question"]
        and r["row"] < answer["row"]
        and r["time_ns"] - row["time_ns"] >= limits.retry_silence_ns
        for r in rows
    )
    row["state"] = State.LATE if again or row["rtt_ns"] > limits.late_ns else State.ANSWERED


def outcome(answer: Row) -> Outcome:
    named = {2: Outcome.SERVFAIL, 3: Outcome.NXDOMAIN, 5: Outcome.REFUSED}
    if rcode(answer):
        return named.get(rcode(answer), Outcome.ERROR)
    cut = answer["anomalies"] & (Anomaly.CUT | Anomaly.SHORT_RECORD) and answer["ancount"]
    return Outcome.DATA if answer["answer_matches"] or cut or answer["flags"] & 0x0200 else Outcome.NODATA


def cause(row: Row, rows: Sequence[Row], limits: Limits) -> int | None:
    """The latest transaction that encloses this one."""
    if orphan(row) or not row["asked"]:
        return None
    ends = row["answer"]["time_ns"] if row["answer"] else row["time_ns"]
    for other in reversed(rows):
        if ends - other["time_ns"] > limits.match_ns + limits.link_slack_ns:
            break
        if orphan(other) or other["asked"] != row["asked"] or other["row"] >= row["row"]:
            continue
        reach = other["answer"]["time_ns"] if other["answer"] else other["time_ns"] + limits.step_ns
        if other["server"][0] != row["server"][0] and ends <= reach + limits.link_slack_ns:
            fanned = other["client"] == row["client"] and other["msg_id"] == row["msg_id"]
            return None if fanned else int(other["row"])
    return None


def questions(rows: Sequence[Row]) -> list[Row]:
    """One row per question; kind 1 where both ways of joining agree, else 0 (loose) and 2 (strict)."""
    sets = []
    for name in ("question", "strict_question"):
        groups: dict[int, list[Row]] = {}
        for row in rows:
            if row[name] is not None:
                groups.setdefault(row[name], []).append(row)
        sets.append(groups)
    loose, strict = ({k: [r["row"] for r in v] for k, v in groups.items()} for groups in sets)
    out = [
        instance(rows, 1 if strict.get(k) == v else 0)
        for (k, v), rows in zip(loose.items(), sets[0].values(), strict=True)
    ]
    out += [
        instance(rows, 2) for (k, v), rows in zip(strict.items(), sets[1].values(), strict=True) if loose.get(k) != v
    ]
    return sorted(out, key=lambda q: (q["question"], q["strict"]))


def instance(sends: Sequence[Row], kind: int) -> Row:
    first = sends[0]
    answered = [r for r in sends if r["answer"]]
    final = [r for r in answered if r["outcome"] not in (Outcome.SERVFAIL, Outcome.REFUSED)]
    by_answer = lambda r: r["answer"]["row"]  # noqa: E731 - one word for a key used twice
    word = min(final, key=by_answer) if final else max(answered, key=by_answer, default=None)
    silent = State.PENDING if any(r["state"] == State.PENDING for r in sends) else State.UNANSWERED
    return {
        "question": first["row"],
        "strict": kind,
        "time_ns": first["time_ns"],
        "end_ns": word["answer"]["time_ns"] if word else -1,
        "sends": len(sends),
        "servers": len({r["server"][0] for r in sends}),
        "same_id": int(len({r["msg_id"] for r in sends}) == 1),
        "same_port": int(len({r["client"][1] for r in sends}) == 1),
        "gap_ns": sends[1]["time_ns"] - first["time_ns"] if len(sends) > 1 else -1,
        "state": word["state"] if word else silent,
        "outcome": word["outcome"] if word else Outcome.PENDING if silent == State.PENDING else Outcome.SILENCE,
        "rcode": word["rcode"] if word else 0,
        "first_outcome": first["outcome"],
        "rtt_ns": first["rtt_ns"] if len(sends) == 1 else -1,
    }


def everything(rows: Sequence[Row], limits: Limits, dedupe: bool = True) -> Mapping[str, list[Row]]:
    """All tables of a capture."""
    in_order = ordered(rows, limits)
    messages = unique(in_order, limits.dup_window_ns if dedupe else None)
    done = transactions(messages, limits, in_order[-1]["time_ns"] if in_order else 0)
    return {"unique": messages, "transactions": done, "questions": questions(done)}
