"""How much live may hold: every cap follows from the one ceiling that `--memory` gives."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

from analyzer.capture import bpf
from analyzer.messages import DecodeOptions
from analyzer.options import NS, AnalyzeOptions, Limits

__all__ = ["MB", "Settings"]

MB: Final = 1 << 20
_BASE: Final = 112 * MB  # the interpreter with NumPy, rich and all detectors, and what a judgement takes for a moment
_LEAST: Final = 48 * MB  # what is needed beyond that to see anything at all


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's bounds. A pane is what a measure counted in `pane_ns`; a window is the last `panes` of them."""

    memory: int = 256 * MB  # octets; a node that suffers can spare a quarter of a gigabyte
    pane_ns: int = 5 * NS
    panes: int = 12
    quiet: int = 2  # windows without a finding after which it has cleared
    judge_run_ns: int = 30 * NS  # the whole run is judged so often: what needs longer than a window is found there

    @property
    def room(self) -> int:
        """Octets for what the traffic makes grow."""
        return max(self.memory - _BASE, _LEAST)

    @property
    def window_ns(self) -> int:
        return self.pane_ns * self.panes

    def share(self, part: float, octets: int) -> int:
        """How many things of `octets` each fit into a part of the room."""
        return max(1024, int(part * self.room) // octets)

    @property
    def rows(self) -> int:
        """Messages held back until they are final, over both chains; one takes some 700 octets on its way."""
        return self.share(0.3, 700)

    @property
    def queue(self) -> int:
        """Octets read ahead of the analysis."""
        return min(16 * MB, self.room // 16)

    @property
    def ring(self) -> int:
        """Octets of packets kept for `--ring`."""
        return self.room // 4

    def decode(self, options: AnalyzeOptions) -> DecodeOptions:
        """Bounds of the decoder. What a name takes: twice its octets here and in the decoder, and an index entry."""
        return DecodeOptions(
            ports=options.ports,
            programs=bpf.programs(options.bpf, options.hosts) if options.bpf else None,
            max_names=self.share(0.15, 400),
            max_addresses=self.share(0.04, 300),
            max_connections=self.share(0.02, 600),
            max_tcp_bytes=self.room // 16,
            max_fragment_bytes=self.room // 32,
            max_fragment_groups=1024,
            max_interfaces=256,
        )

    def run(self, limits: Limits) -> Limits:
        """Bounds of the whole run: its times are those of `analyze`, so its numbers are too."""
        return dataclasses.replace(
            limits,
            max_pairs=self.share(0.1, 1500),
            max_keys=self.share(0.2, 1500),
            max_events=self.share(0.2, 16 * 10),
            max_rows=self.share(0.08, 4 * 60),
        )

    def pane(self, limits: Limits) -> Limits:
        """Bounds of one pane of a window: there are a dozen of them."""
        return dataclasses.replace(
            self.window(limits),
            max_pairs=self.share(0.02, 1500),
            max_keys=self.share(0.02, 1500),
            max_events=self.share(0.03, 16 * 10),
            max_rows=self.share(0.01, 4 * 60),
        )

    def window(self, limits: Limits) -> Limits:
        """Bounds of a pane, and shorter waits: a finding must show within seconds, so an answer is waited for 2 s only."""
        return dataclasses.replace(
            limits,
            order_ns=NS // 4,
            match_ns=2 * NS,
            late_ns=NS,
            pending_ns=NS,
            question_ns=2 * NS,
            retry_same_id_ns=2 * NS,
            retry_ns=2 * NS,
            step_timeout_ns=2 * NS,
            lookup_ns=5 * NS,
            max_pairs=self.share(0.03, 1500),
            max_keys=self.share(0.05, 1500),
            max_events=self.share(0.1, 16 * 10),
            max_rows=self.share(0.05, 4 * 60),
        )
