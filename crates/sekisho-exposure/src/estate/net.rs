//! Networks by their prefix.

use std::net::IpAddr;

/// A network: all addresses with a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    v6: bool,
    bits: u128,
    len: u8,
}

impl Network {
    /// Of `10.0.0.0/8`, `10.0.0.7`, `fd00::/8`.
    ///
    /// # Errors
    ///
    /// Text that is no network, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, len) =
            text.trim().split_once('/').map_or((text.trim(), None), |(a, l)| (a, Some(l)));
        let wrong = || format!("`{text}` is no network like 10.0.0.0/8");
        let address = crate::names::address(address).ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let full = if address.is_ipv6() { 128 } else { 32 };
        let len = len.map_or(Ok(full), str::parse).map_err(|_| wrong())?;
        if len > full {
            return Err(wrong());
        }
        Ok(Self::around(address, len))
    }

    /// The network of a length that an address is in.
    #[must_use]
    pub fn around(address: IpAddr, len: u8) -> Self {
        let (v6, bits, full) = match address {
            IpAddr::V4(address) => (false, u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (true, address.to_bits(), 128),
        };
        let len = len.min(full);
        let host = u32::from(full - len);
        let mask = u128::MAX.checked_shl(host).unwrap_or(0);
        Self { v6, bits: bits & mask, len }
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        Self::around(address, self.len) == *self
    }

    /// Length of its prefix, in bits.
    #[must_use]
    pub fn prefix_bits(&self) -> u8 {
        self.len
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address = if self.v6 {
            IpAddr::from(self.bits.to_be_bytes())
        } else {
            IpAddr::from(u32::try_from(self.bits).unwrap_or_default().to_be_bytes())
        };
        write!(f, "{address}/{}", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_what_has_their_prefix() {
        let holds =
            |net: &str, address: &str| Network::parse(net).unwrap().holds(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.0.0.7", "10.0.0.7"));
        assert!(!holds("10.0.0.7", "10.0.0.6"));
        assert!(holds("0.0.0.0/0", "203.0.113.1"));
        assert!(!holds("0.0.0.0/0", "::1"));
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(holds("::/0", "fe80::1"));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "x/8", "10.0.0.0/", "10.0.0.0/-1"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
