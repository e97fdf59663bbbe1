//! Networks in CIDR notation: how a rule writes them, and what is in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::compare::address;
use crate::rule::Network;

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, an address alone, or a netmask after
    /// the slash. Bits beyond the prefix are cleared.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (base, length) = match text.trim().split_once('/') {
            Some((base, length)) => (base, Some(length)),
            None => (text.trim(), None),
        };
        let written: IpAddr = base.parse().ok()?;
        let bits = if written.is_ipv4() { 32 } else { 128 };
        let prefix = match length {
            None => bits,
            Some(length) => prefix_of(length, written).filter(|&p| p <= bits)?,
        };
        let (address, prefix) = match (written, written.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(v4)) if prefix >= 96 => (IpAddr::V4(v4), prefix - 96),
            _ => (written, prefix),
        };
        Some(Self { address: masked(address, prefix), prefix })
    }

    /// Whether the text is an address within this network.
    #[must_use]
    pub fn contains_text(&self, text: &str) -> bool {
        address(text).is_some_and(|a| self.contains(a))
    }

    /// Whether the address is within this network. IPv4 addresses mapped into
    /// IPv6 count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix) == self.address
    }
}

fn prefix_of(length: &str, address: IpAddr) -> Option<u8> {
    if !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) {
        return length.parse().ok();
    }
    let mask: u32 = length.parse::<Ipv4Addr>().ok().filter(|_| address.is_ipv4())?.into();
    let ones = mask.leading_ones();
    (mask.checked_shl(ones).unwrap_or(0) == 0).then_some(u8::try_from(ones).ok()?)
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(a) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(a) & keep))
        }
        IpAddr::V6(a) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(a) & keep))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_only() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.0"),
            ("192.168.1.7", "192.168.1.7", "192.168.1.8"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("::/0", "::1", "8.8.8.8"),
            ("fe80::/10", "fe80::1%3", "fec0::1"),
            ("::1/128", "0:0:0:0:0:0:0:1", "::2"),
            ("10.0.0.0/8", "::ffff:10.1.1.1", "::ffff:11.1.1.1"),
            ("::ffff:10.0.0.0/104", "10.1.1.1", "11.0.0.1"),
            ("172.16.0.0/255.240.0.0", "172.31.255.255", "172.32.0.0"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(network.contains_text(inside), "{network:?} {inside}");
            assert!(!network.contains_text(outside), "{network:?} {outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in
            ["", "10.*", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/255.0.255.0", "x", "1/2/3"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
