"""The meaning of a filter program: the BSD packet filter (McCanne and Jacobson 1993), as libpcap's bpf_filter runs it."""

from __future__ import annotations

import struct

__all__ = ["Program", "accepts", "parse"]

Program = list[tuple[int, int, int, int]]

LD, LDX, ST, STX, ALU, JMP, RET, MISC = range(8)
MASK = 0xFFFFFFFF
SIZES = {0x00: (4, ">I"), 0x08: (2, ">H"), 0x10: (1, ">B")}


def parse(packed: bytes) -> Program:
    """`struct bpf_insn` in native order: code, jt, jf, k."""
    return list(struct.iter_unpack("=HBBI", packed[: len(packed) // 8 * 8]))


class _Reject(Exception):
    """A load past the packet, a division by zero or a bad instruction: the packet does not match."""


class _Machine:
    def __init__(self, data: bytes, length: int) -> None:
        self.data, self.length = data, length
        self.a = self.x = 0
        self.memory = [0] * 16

    def at(self, where: int, size: int) -> int:
        octets, form = SIZES.get(size, (0, ""))
        if not octets or where + octets > len(self.data):
            raise _Reject
        return int(struct.unpack_from(form, self.data, where)[0])

    def load(self, code: int, k: int) -> int:
        mode, size = code & 0xE0, code & 0x18
        if mode == 0x00:
            return k
        if mode == 0x20:
            return self.at(k, size)
        if mode == 0x40:
            return self.at((self.x + k) & MASK, size)
        if mode == 0x60:
            return self.memory[k & 15]
        if mode == 0x80:
            return self.length & MASK
        if mode == 0xA0:  # four times the low nibble: an IPv4 header's length
            return (self.at(k, 0x10) & 15) * 4
        raise _Reject

    def alu(self, code: int, k: int) -> int:
        operand = self.x if code & 0x08 else k
        operation = code & 0xF0
        if operation in (0x30, 0x90) and operand == 0:
            raise _Reject
        if operation in (0x60, 0x70) and operand >= 32:
            return 0
        results = {
            0x00: lambda: self.a + operand,
            0x10: lambda: self.a - operand,
            0x20: lambda: self.a * operand,
            0x30: lambda: self.a // operand,
            0x40: lambda: self.a | operand,
            0x50: lambda: self.a & operand,
            0x60: lambda: self.a << operand,
            0x70: lambda: self.a >> operand,
            0x80: lambda: -self.a,
            0x90: lambda: self.a % operand,
            0xA0: lambda: self.a ^ operand,
        }
        if operation not in results:
            raise _Reject
        return results[operation]() & MASK

    def jumps(self, code: int, k: int) -> bool:
        operand = self.x if code & 0x08 else k
        operation = code & 0xF0
        if operation == 0x10:
            return self.a == operand
        if operation == 0x20:
            return self.a > operand
        if operation == 0x30:
            return self.a >= operand
        if operation == 0x40:
            return bool(self.a & operand)
        raise _Reject


def accepts(program: Program, data: bytes, length: int) -> bool:
    """Whether a frame of which `data` was captured and that was `length` octets long passes; an empty program passes all."""
    if not program:
        return True
    machine = _Machine(data, length)
    try:
        return _run(machine, program)
    except _Reject:
        return False


def _run(machine: _Machine, program: Program) -> bool:
    at = 0
    while at < len(program):  # jumps only go forwards, so this ends
        code, jump_true, jump_false, k = program[at]
        at += 1
        kind = code & 7
        if kind == LD:
            machine.a = machine.load(code, k)
        elif kind == LDX:
            machine.x = machine.load(code, k)
        elif kind == ST:
            machine.memory[k & 15] = machine.a
        elif kind == STX:
            machine.memory[k & 15] = machine.x
        elif kind == ALU:
            machine.a = machine.alu(code, k)
        elif kind == JMP:
            if code & 0xF0 == 0x00:
                at += k
            else:
                at += jump_true if machine.jumps(code, k) else jump_false
        elif kind == RET:
            return (machine.a if code & 0x18 == 0x10 else k) != 0
        elif code & 0xF8 == 0x80:
            machine.a = machine.x
        else:
            machine.x = machine.a
    return False
