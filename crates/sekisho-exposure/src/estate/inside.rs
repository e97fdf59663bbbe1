//! Whether an address is of the estate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hashbrown::HashSet;

use super::Network;

/// Whether an end is of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Inside {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// A private address far from every host that is known, or a name of which
    /// nothing is known: it may be a part of the estate that supplies no logs,
    /// or an intruder's network behind the same router.
    Unknown,
}

/// Private ranges in which an estate with hosts in so many neighbourhoods is
/// taken to be at home everywhere.
const NEIGHBOURHOODS_OF_ALL: usize = 3;

/// What is known of networks.
#[derive(Clone, Debug, Default)]
pub(super) struct Networks {
    declared: Vec<(Network, bool)>,
    /// Addresses of hosts that are ours.
    own: HashSet<IpAddr>,
    /// Private networks in which hosts of ours live.
    near: HashSet<Network>,
    /// Private ranges that are ours altogether.
    ranges: HashSet<Network>,
}

impl Networks {
    pub(super) fn of(declared: &[(Network, bool)], own: impl Iterator<Item = IpAddr>) -> Self {
        let own: HashSet<IpAddr> = own.collect();
        let near: HashSet<Network> = own.iter().filter_map(|a| neighbourhood(*a)).collect();
        let all = own.iter().filter_map(|a| range(*a)).collect::<HashSet<Network>>();
        let within = |range: &Network| {
            let of = |a: &&IpAddr| range.holds(**a);
            let near: HashSet<_> =
                own.iter().filter(of).filter_map(|a| neighbourhood(*a)).collect();
            near.len() >= NEIGHBOURHOODS_OF_ALL
        };
        let ranges = all.iter().filter(|range| within(range)).copied().collect();
        Self { declared: declared.to_vec(), own, near, ranges }
    }

    pub(super) fn inside(&self, address: IpAddr) -> Inside {
        let fitting = self.declared.iter().filter(|(net, _)| net.holds(address));
        let longest = fitting.clone().map(|(net, _)| net.prefix_bits()).max();
        let mut said =
            fitting.filter(|(net, _)| Some(net.prefix_bits()) == longest).map(|(_, is)| *is);
        if let Some(first) = said.next() {
            return match (first, said.all(|other| other == first)) {
                (_, false) => Inside::Unknown,
                (true, true) => Inside::Yes,
                (false, true) => Inside::No,
            };
        }
        if is_local(address) || self.own.contains(&address) {
            return Inside::Yes;
        }
        let near = neighbourhood(address).is_some_and(|net| self.near.contains(&net));
        match range(address) {
            _ if near => Inside::Yes,
            Some(range) if self.ranges.contains(&range) => Inside::Yes,
            Some(_) => Inside::Unknown,
            None => Inside::No,
        }
    }
}

/// Never leaves a host or its link.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            a.is_loopback()
                || a.is_unspecified()
                || a.is_link_local()
                || a.is_multicast()
                || a.is_broadcast()
        }
        IpAddr::V6(a) => {
            a.is_loopback() || a.is_unspecified() || a.is_unicast_link_local() || a.is_multicast()
        }
    }
}

/// The private range that an address is of (RFC 1918, 6598, 4193).
fn range(address: IpAddr) -> Option<Network> {
    let v4 = |a, b, len| Network::around(IpAddr::V4(Ipv4Addr::new(a, b, 0, 0)), len);
    let v6 = Network::around(IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7);
    let all = [v4(10, 0, 8), v4(172, 16, 12), v4(192, 168, 16), v4(100, 64, 10), v6];
    all.into_iter().find(|net| net.holds(address))
}

/// Whether an address is private: of no network that is reached from outside.
pub(super) fn is_private(address: IpAddr) -> bool {
    range(address).is_some() || is_local(address)
}

/// The network around an address in which others of the same owner are
/// expected: a /16 of the large private ranges, a /24 of 192.168, a /64.
/// Of public IPv4 addresses none.
fn neighbourhood(address: IpAddr) -> Option<Network> {
    match address {
        IpAddr::V6(a) if a.is_unicast_link_local() || a.is_loopback() => None,
        IpAddr::V6(a) if range(address).is_some() => Some(Network::around(IpAddr::V6(a), 48)),
        IpAddr::V6(_) => Some(Network::around(address, 64)),
        IpAddr::V4(a) if a.octets().starts_with(&[192, 168]) => Some(Network::around(address, 24)),
        IpAddr::V4(_) => range(address).map(|_| Network::around(address, 16)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(own: &[&str], address: &str, expected: Inside) {
        let own = own.iter().map(|a| a.parse().unwrap());
        let networks = Networks::of(&[], own);
        assert_eq!(networks.inside(address.parse().unwrap()), expected, "{address}");
    }

    #[test]
    fn private_addresses_are_ours_only_near_a_host_of_ours() {
        let own = ["10.0.1.4", "10.0.0.4"];
        check(&own, "10.0.200.7", Inside::Yes);
        check(&own, "10.9.0.1", Inside::Unknown);
        check(&own, "192.168.0.4", Inside::Unknown);
        check(&own, "203.0.113.9", Inside::No);
        check(&own, "127.0.0.1", Inside::Yes);
        check(&own, "224.0.0.251", Inside::Yes);
        check(&["10.0.1.4", "10.1.0.4", "10.2.0.4"], "10.9.0.1", Inside::Yes);
        check(&["192.168.1.4"], "192.168.2.4", Inside::Unknown);
        check(&["192.168.1.4"], "192.168.1.9", Inside::Yes);
        check(&["203.0.113.9"], "203.0.113.9", Inside::Yes);
        check(&["203.0.113.9"], "203.0.113.10", Inside::No);
        check(&["2001:db8:1::4"], "2001:db8:1::5", Inside::Yes);
        check(&["2001:db8:1::4"], "2001:db8:2::5", Inside::No);
        check(&[], "10.0.0.1", Inside::Unknown);
        check(&[], "fe80::1", Inside::Yes);
    }

    #[test]
    fn what_is_declared_wins_and_the_longest_prefix_first() {
        let net = |text: &str| Network::parse(text).unwrap();
        let declared =
            [(net("10.0.0.0/8"), true), (net("10.6.0.0/16"), false), (net("203.0.113.0/24"), true)];
        let networks = Networks::of(&declared, ["10.6.0.4".parse().unwrap()].into_iter());
        let inside = |address: &str| networks.inside(address.parse().unwrap());
        assert_eq!(inside("10.7.0.1"), Inside::Yes);
        assert_eq!(inside("10.6.0.1"), Inside::No);
        assert_eq!(inside("203.0.113.1"), Inside::Yes);
        let both =
            Networks::of(&[(net("10.0.0.0/8"), true), (net("10.0.0.0/8"), false)], [].into_iter());
        assert_eq!(both.inside("10.0.0.1".parse().unwrap()), Inside::Unknown);
    }
}
