//! Blocks of addresses, as parameters write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address block such as `192.0.2.0/28`; an address alone is a block of one.
pub(super) struct Block {
    first: IpAddr,
    last: IpAddr,
    /// Bits that differ within the block: 8 are 256 addresses.
    free: u32,
}

impl Block {
    /// None where the text is no block.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(one, two)| (one, Some(two)));
        let address: IpAddr = address.parse().ok()?;
        let all = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let length = length.map_or(Some(all), |length| length.parse().ok())?;
        let free = all.checked_sub(length)?;
        let (first, last) = match address {
            IpAddr::V4(address) => {
                let within = !u32::MAX.checked_shl(free).unwrap_or(0);
                let of = |bits| IpAddr::V4(Ipv4Addr::from_bits(bits));
                (of(address.to_bits() & !within), of(address.to_bits() | within))
            }
            IpAddr::V6(address) => {
                let within = !u128::MAX.checked_shl(free).unwrap_or(0);
                let of = |bits| IpAddr::V6(Ipv6Addr::from_bits(bits));
                (of(address.to_bits() & !within), of(address.to_bits() | within))
            }
        };
        Some(Self { first, last, free })
    }

    /// Whether it has at most two to this power of addresses.
    pub(super) fn has_at_most(&self, bits: u32) -> bool {
        self.free <= bits
    }

    /// Whether all addresses from one to another lie in it, and there is one.
    pub(super) fn holds(&self, from: IpAddr, to: IpAddr) -> bool {
        self.first <= from && from <= to && to <= self.last
    }
}
