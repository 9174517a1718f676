//! The hashes of the contract: XXH3 with 64 bits and seed 0.

use xxhash_rust::xxh3::xxh3_64;

/// `hash64` of the reference.
#[inline]
pub fn hash64(octets: &[u8]) -> u64 {
    xxh3_64(octets)
}

/// `ip_hash`: an IPv4 header without TTL and checksum, or an IPv6 fixed header without hop limit.
#[inline]
pub fn ip_header(header: &[u8]) -> u64 {
    let mut copy = [0; 60];
    let length = header.len().min(60);
    let copy = &mut copy[..length];
    copy.copy_from_slice(&header[..length]);
    match copy.first().map(|octet| octet >> 4) {
        Some(4) if length >= 20 => {
            copy[8] = 0;
            copy[10] = 0;
            copy[11] = 0;
        }
        Some(6) if length >= 8 => copy[7] = 0,
        _ => {}
    }
    hash64(copy)
}
