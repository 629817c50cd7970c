//! The networks that callers come from, as far as limits distinguish them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of a caller, by which limits and fairness distinguish strangers: an IPv4 address, or the /64 network of
/// an IPv6 address, the smallest that a customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// All callers with an unknown address.
    pub const UNKNOWN: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// The network of an address. An IPv4 address in IPv6 form counts as IPv4.
    pub const fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64))),
            v4 => Self(v4),
        }
    }

    /// The supernet that it is in.
    pub const fn supernet(self) -> Supernet {
        match self.0 {
            IpAddr::V4(v4) => Supernet(IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() >> 8 << 8))),
            IpAddr::V6(v6) => Supernet(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80))),
        }
    }
}

/// The stored form: `192.0.2.1` or `2001:db8:0:1::/64`.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

/// Networks that one provider may have given to one customer: a /24 of IPv4, a /48 of IPv6. Networks in a supernet
/// share turns and parts of common resources, but not the limit of a single network, because they may also belong to
/// strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Supernet(IpAddr);

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn an_ipv4_address_is_a_network_in_either_form() {
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn a_network_is_written_with_what_counts_of_it() {
        assert_eq!(network("::ffff:192.0.2.1").to_string(), "192.0.2.1");
        assert_eq!(network("2001:db8:0:1::9").to_string(), "2001:db8:0:1::/64");
    }

    #[test]
    fn neighbours_begin_alike() {
        let neighbours = |a, b| network(a).supernet() == network(b).supernet();
        assert!(neighbours("192.0.2.1", "192.0.2.254") && !neighbours("192.0.2.1", "192.0.3.1"));
        assert!(neighbours("2001:db8:1:1::1", "2001:db8:1:2::1"));
        assert!(!neighbours("2001:db8:1::1", "2001:db8:2::1"));
    }

    #[test]
    fn the_first_64_bits_of_an_ipv6_address_count() {
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::9"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
    }
}
