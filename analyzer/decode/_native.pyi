from typing import Any, TypeAlias, final

__all__ = ["Core", "columns"]

# Rows and the columns that are not zero throughout, read-only, in native order, where the decoder wrote them.
_Table: TypeAlias = tuple[int, dict[str, memoryview]]
# Messages; names (first id, parents, ends, labels); addresses (first id, packed); answers; connections; quotes; wire.
_Batch: TypeAlias = tuple[_Table, tuple[int, bytes, bytes, bytes], tuple[int, bytes], _Table, _Table, _Table, bytes]

@final
class Core:
    def __new__(
        cls,
        *,
        ports: list[int],
        programs: list[tuple[int, bytes]] | None,
        answers: bool,
        batch_rows: int,
        max_names: int,
        max_addresses: int,
        max_connections: int,
        max_tcp_bytes: int,
        max_fragment_bytes: int,
        max_fragment_groups: int,
        max_interfaces: int,
        tunnel_depth: int,
    ) -> Core: ...
    def open(self, file: int) -> None: ...
    def feed(self, data: bytes) -> list[_Batch]: ...
    def flush(self) -> list[_Batch]: ...
    def finish(self) -> list[_Batch]: ...
    @property
    def ledger(self) -> tuple[int, dict[str, int], dict[str, int]]: ...
    @property
    def interfaces(self) -> list[dict[str, Any]]: ...
    @property
    def captures(self) -> list[dict[str, Any]]: ...

def columns() -> dict[str, list[tuple[str, str]]]: ...
