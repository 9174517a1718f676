//! Reading integers from octets, bounded: outside there is nothing.

/// The octet at `at`.
#[inline]
pub fn u8_at(data: &[u8], at: usize) -> Option<u8> {
    data.get(at).copied()
}

/// The big-endian 16 bits at `at`.
#[inline]
pub fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    let octets = data.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*octets))
}

/// The big-endian 32 bits at `at`.
#[inline]
pub fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    let octets = data.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*octets))
}

/// Integers in the byte order of a capture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    pub fn u16(self, data: &[u8], at: usize) -> Option<u16> {
        let octets = *data.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        })
    }

    /// Four octets as a number.
    #[inline]
    pub fn of(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    #[inline]
    pub fn u32(self, data: &[u8], at: usize) -> Option<u32> {
        Some(self.of(*data.get(at..)?.first_chunk()?))
    }

    pub fn u64(self, data: &[u8], at: usize) -> Option<u64> {
        let octets = *data.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        })
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Little => "little",
            Self::Big => "big",
        }
    }
}
