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
    if let Ok(plain) = <[u8; 20]>::try_from(header) {
        return plain_ipv4(plain);
    }
    let mut copy = [0; 60];
    let length = header.len().min(60);
    copy[..length].copy_from_slice(&header[..length]);
    match copy[0] >> 4 {
        4 => (copy[8], copy[10], copy[11]) = (0, 0, 0),
        _ => copy[7] = 0,
    }
    hash64(&copy[..length])
}

/// `ip_hash` of the usual IPv4 header, without options.
#[inline]
pub fn plain_ipv4(mut header: [u8; 20]) -> u64 {
    (header[8], header[10], header[11]) = (0, 0, 0);
    hash64(&header)
}
