//! The API key of a request.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use groupchat_domain::network::Network;
use groupchat_domain::storage::{Asking, Credential};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::SecurityScheme;
use paperclip::v2::schema::Apiv2Schema;

use super::client::origin;
use crate::problem::{ApiError, Code};
use crate::state::State;

const HEADER: &str = "X-API-Key";

/// The key of the caller, in `X-API-Key` or as a bearer token (RFC 6750, section 2.1). Whether it is valid is checked
/// in the transaction that does the work.
#[derive(Debug, Clone, Copy)]
pub struct Key(pub Credential);

impl Key {
    /// The key, for a command that is also open to tokens for some groups: see
    /// [`Reach::in_groups`](groupchat_domain::accounts::Reach::in_groups).
    pub(crate) fn in_groups(self) -> Asking {
        Asking::from(self.0).in_groups()
    }
}

impl FromRequest for Key {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Key, ApiError> {
    credential(request).map(Key)
}

/// The key of a request, without checking whether it is valid. Read only once.
///
/// # Errors
/// The request has no key, or two.
pub(crate) fn credential(request: &HttpRequest) -> Result<Credential, ApiError> {
    if let Some(known) = request.extensions().get::<Credential>() {
        return Ok(*known);
    }
    let text = find(request.headers())?;
    let state = request.app_data::<State>().ok_or_else(|| ApiError::internal("the app has no state"))?;
    // A value that is not UTF-8 was never issued as a key, and neither was this conversion of it.
    let key = state.keys.digest(&String::from_utf8_lossy(text));
    let origin = origin(request);
    let network = origin.address.map_or(Network::UNKNOWN, Network::of);
    let credential = Credential { key, network, origin };
    // For the request's log line, once the key's user is known.
    request.extensions_mut().insert(credential);
    Ok(credential)
}

/// The only key of the request. Of two different keys, a proxy may have checked the other one.
pub(super) fn find(headers: &HeaderMap) -> Result<&[u8], ApiError> {
    let own = headers.get_all(HEADER).map(HeaderValue::as_bytes);
    let bearers = headers.get_all(AUTHORIZATION).filter_map(|value| bearer(value.as_bytes()));
    let mut keys = own.chain(bearers).map(<[u8]>::trim_ascii);
    let first = keys.next().unwrap_or_default();
    if keys.any(|other| other != first) {
        let detail = "the request has two keys, or a key and an empty one; send only one";
        return Err(ApiError::new(Code::InvalidKey, detail));
    }
    if first.is_empty() {
        let detail = "send the key in the header X-API-Key or as Authorization: Bearer";
        return Err(ApiError::new(Code::MissingKey, detail));
    }
    Ok(first)
}

/// The token of a `Bearer` header. The scheme's name is compared without regard to case (RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(token)
}

impl Apiv2Schema for Key {
    fn name() -> Option<String> {
        Some("ApiKey".to_owned())
    }

    fn security_scheme() -> Option<SecurityScheme> {
        Some(SecurityScheme {
            type_: "apiKey".to_owned(),
            name: Some(HEADER.to_owned()),
            in_: Some("header".to_owned()),
            description: Some("The `api_key` of `POST /api/login`.".to_owned()),
            ..SecurityScheme::default()
        })
    }
}

impl OperationModifier for Key {}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::options::ServerOptions;
    use crate::testing::{digest, state, state_with};
    use groupchat_domain::accounts::{Origin, UserAgent};

    fn read_with(headers: &[(&str, &[u8])]) -> Result<Key, Code> {
        let mut request = TestRequest::default().app_data(state());
        for (name, value) in headers {
            request = request.append_header((*name, HeaderValue::from_bytes(value).unwrap()));
        }
        read(&request.to_http_request()).map_err(|error| error.code())
    }

    #[test]
    fn both_headers_carry_the_same_key() {
        for headers in [
            [("X-API-Key", b"gc_1".as_slice())],
            [("Authorization", b"Bearer gc_1")],
            [("Authorization", b"bearer  gc_1 ")],
        ] {
            assert_eq!(read_with(&headers).unwrap().0.key, digest("gc_1"), "{headers:?}");
        }
    }

    #[test]
    fn a_key_comes_with_the_network_that_showed_it() {
        let request = TestRequest::default().app_data(state()).insert_header(("X-API-Key", "gc_1"));
        let request = request.peer_addr("[2001:db8::7]:80".parse().unwrap()).to_http_request();
        let neighbour = Network::of("2001:db8::8".parse().unwrap());
        assert_eq!(read(&request).unwrap().0.network, neighbour);
    }

    #[test]
    fn a_key_comes_with_the_client_that_showed_it() {
        let request = TestRequest::default().app_data(state()).insert_header(("X-API-Key", "gc_1"));
        let request =
            request.insert_header(("User-Agent", "cli/1")).peer_addr("192.0.2.7:80".parse().unwrap());
        let Key(credential) = read(&request.to_http_request()).unwrap();
        let expected = Origin { address: "192.0.2.7".parse().ok(), user_agent: UserAgent::cut("cli/1") };
        assert_eq!(credential.origin, expected);
    }

    #[test]
    fn behind_a_proxy_the_client_is_the_one_that_it_reports() {
        let options = ServerOptions {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..ServerOptions::default()
        };
        let request = TestRequest::default()
            .app_data(state_with(options))
            .insert_header(("X-API-Key", "gc_1"))
            .insert_header(("X-Forwarded-For", "198.51.100.9"))
            .peer_addr("10.0.0.1:80".parse().unwrap());
        let Key(credential) = read(&request.to_http_request()).unwrap();
        assert_eq!(credential.origin.address, "198.51.100.9".parse().ok());
    }

    #[test]
    fn without_a_key_the_request_is_refused() {
        for headers in [
            vec![],
            vec![("X-API-Key", b" ".as_slice())],
            vec![("Authorization", b"Basic YTpi".as_slice())],
            vec![("Authorization", b"Bearer".as_slice())],
        ] {
            assert_eq!(read_with(&headers).unwrap_err(), Code::MissingKey, "{headers:?}");
        }
    }

    #[test]
    fn two_keys_are_one_if_they_are_the_same() {
        let own = ("X-API-Key", b"gc_1".as_slice());
        for other in [own, ("Authorization", b"Bearer gc_1".as_slice())] {
            assert_eq!(read_with(&[own, other]).unwrap().0.key, digest("gc_1"), "{other:?}");
        }
        assert!(read_with(&[own, ("Authorization", b"Basic YTpi".as_slice())]).is_ok());
        for other in [
            ("X-API-Key", b"".as_slice()),
            ("X-API-Key", b"gc_2".as_slice()),
            ("Authorization", b"Bearer gc_2".as_slice()),
            ("Authorization", b"Bearer  ".as_slice()),
        ] {
            assert_eq!(read_with(&[own, other]).unwrap_err(), Code::InvalidKey, "{other:?}");
        }
        let empty = [("X-API-Key", b"".as_slice()), ("Authorization", b"Bearer gc_1".as_slice())];
        assert_eq!(read_with(&empty).unwrap_err(), Code::InvalidKey);
    }

    #[test]
    fn a_key_in_no_charset_is_a_key_that_nobody_has() {
        assert!(read_with(&[("X-API-Key", b"\xff\xfe")]).is_ok());
    }
}
