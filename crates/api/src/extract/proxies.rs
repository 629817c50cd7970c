//! Which proxies are between a client and the server, and what they report about the client.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Headers by which proxies report the client.
static FORWARDED: [HeaderName; 3] =
    [FORWARDED_FOR, HeaderName::from_static("x-real-ip"), HeaderName::from_static("forwarded")];

/// An address, or all addresses with the same prefix (CIDR, RFC 4632).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpNetwork {
    address: IpAddr,
    /// The length of the prefix in bits.
    prefix: u32,
}

/// The text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as 127.0.0.1, or a network such as 10.0.0.0/8")]
pub struct NotAnIpNetwork;

impl FromStr for IpNetwork {
    type Err = NotAnIpNetwork;

    fn from_str(text: &str) -> Result<Self, NotAnIpNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| NotAnIpNetwork)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotAnIpNetwork)?;
        let prefix = prefix.unwrap_or_else(|| bits(address));
        if prefix > bits(address) {
            return Err(NotAnIpNetwork);
        }
        Ok(Self { address, prefix })
    }
}

impl IpNetwork {
    /// Whether the address is in the network. An IPv4 address in IPv6 form counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = u64::from(own.to_bits() ^ other.to_bits());
                differing >> (32 - self.prefix) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

const fn bits(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Detects proxies that are not trusted. The server takes all their clients for one.
#[derive(Debug, Default)]
pub struct UntrustedProxies {
    is_told: AtomicBool,
}

impl UntrustedProxies {
    /// Warns once about a request that was forwarded by an untrusted proxy.
    pub fn notice(&self, peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNetwork]) {
        if self.is_told.load(Ordering::Relaxed) {
            return;
        }
        let Some(header) = FORWARDED.iter().find(|header| headers.contains_key(*header)) else { return };
        let Some(peer) = peer.map(|peer| peer.to_canonical()) else { return };
        let is_trusted = trusted.iter().any(|network| network.contains(peer));
        if !is_trusted && !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                %header,
                "a request was forwarded by an address that is not in `trusted_proxies`: if it is your proxy, all its \
                 clients count as one; this warning appears once"
            );
        }
    }
}

/// The address of the client behind `peer`. Each proxy appends the address of its own client to `X-Forwarded-For`, so
/// the list is read from its end as long as a trusted proxy wrote it. What a client made up is further left and never
/// reached.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNetwork]) -> IpAddr {
    let is_trusted = |address| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    // As bytes: an entry that is not text must not hide those that proxies appended to its line.
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        // An entry that can't be parsed was not written by a known proxy. The last known one stands for it.
        let Some(address) = read(entry) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// Some proxies append the port.
fn read(entry: &[u8]) -> Option<IpAddr> {
    let entry = str::from_utf8(entry.trim_ascii()).ok()?;
    let address = entry.parse().or_else(|_| entry.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &str) -> Vec<IpNetwork> {
        text.split_whitespace().map(|network| network.parse().unwrap()).collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client(peer: &str, lines: &[&'static str], trusted: &str) -> IpAddr {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        client_address(address(peer), &headers, &networks(trusted))
    }

    /// Most proxies append to the line that the client sent.
    #[test]
    fn bytes_that_are_no_text_hide_nothing_behind_them() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_bytes(b"\xff, 198.51.100.9").unwrap());
        let client = client_address(address("10.0.0.1"), &headers, &networks("10.0.0.0/8"));
        assert_eq!(client, address("198.51.100.9"));
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_noticed_once() {
        let forwarded = |name: HeaderName| {
            let mut headers = HeaderMap::new();
            headers.append(name, HeaderValue::from_static("198.51.100.9"));
            headers
        };
        let is_told = |proxies: &UntrustedProxies| proxies.is_told.load(Ordering::Relaxed);
        for name in FORWARDED.iter().cloned() {
            let proxies = UntrustedProxies::default();
            proxies.notice(Some(address("10.0.0.1")), &forwarded(name.clone()), &networks("10.0.0.0/8"));
            proxies.notice(Some(address("192.0.2.1")), &HeaderMap::new(), &networks("10.0.0.0/8"));
            proxies.notice(None, &forwarded(name.clone()), &[]);
            assert!(!is_told(&proxies), "{name}");
            proxies.notice(Some(address("192.0.2.1")), &forwarded(name), &networks("10.0.0.0/8"));
            assert!(is_told(&proxies));
        }
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_alike() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7", "::ffff:192.0.2.7", "::1"),
            ("0.0.0.0/0", "255.1.2.3", "::1"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::"),
            ("::/0", "2001:db8::", "127.0.0.1"),
            ("::1", "::1", "::2"),
        ] {
            let network: IpNetwork = network.parse().unwrap();
            assert!(network.contains(address(inside)), "{network:?} {inside}");
            assert!(!network.contains(address(outside)), "{network:?} {outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "1.2.3.4/-1"] {
            assert_eq!(wrong.parse::<IpNetwork>(), Err(NotAnIpNetwork), "{wrong}");
        }
    }

    #[test]
    fn nobody_is_believed_but_a_trusted_proxy() {
        assert_eq!(client("192.0.2.1", &["198.51.100.9"], ""), address("192.0.2.1"));
        assert_eq!(client("192.0.2.1", &["198.51.100.9"], "10.0.0.0/8"), address("192.0.2.1"));
        assert_eq!(client("10.0.0.1", &["198.51.100.9"], "10.0.0.0/8"), address("198.51.100.9"));
        assert_eq!(client("10.0.0.1", &[], "10.0.0.0/8"), address("10.0.0.1"));
    }

    #[test]
    fn the_rightmost_address_that_no_trusted_proxy_has_is_the_client() {
        let trusted = "10.0.0.0/8 ::1";
        let forged = "1.1.1.1, 198.51.100.9, 10.0.0.2";
        assert_eq!(client("::ffff:10.0.0.1", &[forged], trusted), address("198.51.100.9"));
        // Several headers form one list.
        assert_eq!(client("::1", &["1.1.1.1", "198.51.100.9", "10.0.0.2"], trusted), address("198.51.100.9"));
        assert_eq!(client("10.0.0.1", &["198.51.100.9:4711"], trusted), address("198.51.100.9"));
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:80"], trusted), address("2001:db8::1"));
        assert_eq!(client("10.0.0.1", &["198.51.100.9, unknown, 10.0.0.2"], trusted), address("10.0.0.2"));
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"], trusted), address("10.0.0.3"));
    }
}
