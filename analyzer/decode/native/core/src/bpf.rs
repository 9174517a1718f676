//! An interpreter of classic BPF, as tcpdump's own runs over a file: a load outside the captured octets rejects the frame.

/// A program that has been checked: jumps stay inside, the end returns, scratch indices and constant divisors are legal.
#[derive(Debug, Clone)]
pub struct Program(Vec<Insn>);

#[derive(Debug, Clone, Copy)]
struct Insn {
    code: u16,
    jt: u8,
    jf: u8,
    k: u32,
}

impl Program {
    /// Takes packed `struct bpf_insn` in native order.
    ///
    /// # Errors
    /// Says what is wrong with the program.
    pub fn new(packed: &[u8]) -> Result<Self, String> {
        let (chunks, rest) = packed.as_chunks::<8>();
        if !rest.is_empty() || chunks.is_empty() || chunks.len() > 65_536 {
            return Err(format!("a BPF program of {} octets", packed.len()));
        }
        let program: Vec<Insn> = chunks
            .iter()
            .map(|c| Insn {
                code: u16::from_ne_bytes([c[0], c[1]]),
                jt: c[2],
                jf: c[3],
                k: u32::from_ne_bytes([c[4], c[5], c[6], c[7]]),
            })
            .collect();
        for (at, insn) in program.iter().enumerate() {
            if !legal(*insn, program.len() - at - 1) {
                return Err(format!("BPF instruction {at} is not valid"));
            }
        }
        match program.last() {
            Some(last) if last.code & 0x07 == 0x06 => Ok(Self(program)),
            _ => Err("a BPF program that does not end with a return".into()),
        }
    }

    /// Whether the frame passes; `len` is its original length.
    pub fn accepts(&self, data: &[u8], len: u32) -> bool {
        self.run(data, len).is_some_and(|result| result != 0)
    }

    fn run(&self, data: &[u8], len: u32) -> Option<u32> {
        let (mut a, mut x, mut scratch, mut pc) = (0u32, 0u32, [0u32; 16], 0usize);
        loop {
            let insn = *self.0.get(pc)?;
            pc += 1;
            match insn.code & 0x07 {
                0x00 => a = load(insn, x, &scratch, data, len)?,
                0x01 => {
                    x = match insn.code & 0xe0 {
                        0xa0 => u32::from(*data.get(insn.k as usize)? & 0x0f) * 4,
                        _ => load(insn, 0, &scratch, data, len)?,
                    }
                }
                0x02 => scratch[insn.k as usize & 15] = a,
                0x03 => scratch[insn.k as usize & 15] = x,
                0x04 => a = alu(insn, a, x)?,
                0x05 => pc += jump(insn, a, x),
                0x06 => return Some(if insn.code & 0x18 == 0x10 { a } else { insn.k }),
                _ if insn.code & 0xf8 == 0x80 => a = x,
                _ => x = a,
            }
        }
    }
}

fn legal(insn: Insn, behind: usize) -> bool {
    match insn.code & 0x07 {
        0x00 | 0x01 => insn.code & 0xe0 != 0x60 || insn.k < 16,
        0x02 | 0x03 => insn.k < 16,
        0x04 => !(matches!(insn.code & 0xf0, 0x30 | 0x90) && insn.code & 0x08 == 0 && insn.k == 0),
        0x05 if insn.code & 0xf0 == 0 => (insn.k as usize) < behind,
        0x05 => usize::from(insn.jt.max(insn.jf)) < behind,
        _ => true,
    }
}

fn load(insn: Insn, x: u32, scratch: &[u32; 16], data: &[u8], len: u32) -> Option<u32> {
    let at = match insn.code & 0xe0 {
        0x00 => return Some(insn.k),
        0x60 => return Some(scratch[insn.k as usize & 15]),
        0x80 => return Some(len),
        0x20 => insn.k as usize,
        0x40 => x as usize + insn.k as usize,
        _ => return None,
    };
    match insn.code & 0x18 {
        0x00 => crate::wire::u32_at(data, at),
        0x08 => crate::wire::u16_at(data, at).map(u32::from),
        0x10 => data.get(at).copied().map(u32::from),
        _ => None,
    }
}

fn alu(insn: Insn, a: u32, x: u32) -> Option<u32> {
    let k = if insn.code & 0x08 == 0 { insn.k } else { x };
    Some(match insn.code & 0xf0 {
        0x00 => a.wrapping_add(k),
        0x10 => a.wrapping_sub(k),
        0x20 => a.wrapping_mul(k),
        0x30 => a.checked_div(k)?,
        0x40 => a | k,
        0x50 => a & k,
        0x60 => a.checked_shl(k).unwrap_or(0),
        0x70 => a.checked_shr(k).unwrap_or(0),
        0x80 => a.wrapping_neg(),
        0x90 => a.checked_rem(k)?,
        0xa0 => a ^ k,
        _ => return None,
    })
}

fn jump(insn: Insn, a: u32, x: u32) -> usize {
    let k = if insn.code & 0x08 == 0 { insn.k } else { x };
    let holds = match insn.code & 0xf0 {
        0x00 => return insn.k as usize,
        0x10 => a == k,
        0x20 => a > k,
        0x30 => a >= k,
        _ => a & k != 0,
    };
    usize::from(if holds { insn.jt } else { insn.jf })
}
