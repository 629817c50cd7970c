//! What proxies and clients say in headers.

use std::net::IpAddr;
use std::str::FromStr;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::key;
use super::proxies::{IpNetwork, client_address};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Lines of `name: value`, of which those that can't be a header are left out.
pub fn headers(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n');
    let fields = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
    });
    let headers: HeaderMap = fields.collect();
    addresses(&headers);
    keys(&headers);
    if let Ok(text) = str::from_utf8(bytes) {
        networks(text);
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Nobody is believed but a trusted proxy, and only what it wrote itself, at the end.
fn addresses(headers: &HeaderMap) {
    let (stranger, proxy) = (address("192.0.2.1"), address("10.0.0.1"));
    let trusted =
        [IpNetwork::from_str("10.0.0.0/8").expect("a network"), IpNetwork::from_str("::1").expect("one")];
    assert_eq!(client_address(stranger, headers, &trusted), stranger);
    assert_eq!(client_address(proxy, headers, &[]), proxy);
    let client = client_address(proxy, headers, &trusted);
    assert_eq!(client, client.to_canonical());
    // Whatever a client sends, its proxy appends the address of the client.
    for (appended, expected) in [("198.51.100.9", "198.51.100.9"), ("[2001:db8::1]:80", "2001:db8::1")] {
        let mut forwarded = headers.clone();
        forwarded.append(FORWARDED_FOR, HeaderValue::from_static(appended));
        assert_eq!(client_address(proxy, &forwarded, &trusted), address(expected));
        assert_eq!(client_address(proxy, &joined(&forwarded), &trusted), address(expected));
    }
}

/// The same, where all lines were joined to one (RFC 9110, section 5.3).
fn joined(headers: &HeaderMap) -> HeaderMap {
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
    let mut joined = headers.clone();
    joined.insert(FORWARDED_FOR, HeaderValue::from_bytes(&lines.join(&b","[..])).expect("of header values"));
    joined
}

/// A request has one key at most, and the same one in either header.
fn keys(headers: &HeaderMap) {
    let Ok(key) = key::find(headers) else { return };
    assert!(!key.is_empty() && key == key.trim_ascii());
    let bearer = HeaderValue::from_bytes(&[b"Bearer ", key].concat()).expect("of a header value");
    let mut twice = headers.clone();
    twice.append(AUTHORIZATION, bearer.clone());
    assert_eq!(key::find(&twice).ok(), Some(key));
    twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer another-key"));
    assert!(key == b"another-key" || key::find(&twice).is_err());
}

/// A network contains the address that it is written with.
fn networks(text: &str) {
    let Ok(network) = IpNetwork::from_str(text) else { return };
    let written = text.split('/').next().unwrap_or(text);
    let within: IpAddr = written.parse().expect("the network's own address");
    assert!(network.contains(within) || within != within.to_canonical(), "{text}");
}
