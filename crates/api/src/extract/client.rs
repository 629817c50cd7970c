//! The client that sent a request.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::accounts::{ClientInfo, Origin, UserAgent};
use paperclip::actix::OperationModifier;
use paperclip::v2::schema::Apiv2Schema;

use super::proxies::{IpNetwork, client_address};
use crate::state::State;

/// The maximum number of characters kept of a `User-Agent`.
pub(crate) const MAX_USER_AGENT: usize = 200;

/// The program and the network address that a request comes from. Behind trusted proxies, the address that they report.
#[derive(Debug, Clone)]
pub struct Client(pub ClientInfo);

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(USER_AGENT);
        let user_agent = header.map(|value| cut(&String::from_utf8_lossy(value.as_bytes())));
        let user_agent = user_agent.filter(|text| !text.is_empty());
        ready(Ok(Self(ClientInfo { user_agent, address: address(request) })))
    }
}

/// Where a request comes from.
pub(crate) fn origin(request: &HttpRequest) -> Origin {
    let header = request.headers().get(USER_AGENT);
    let user_agent = header.and_then(|value| UserAgent::cut(&String::from_utf8_lossy(value.as_bytes())));
    Origin { address: address(request), user_agent }
}

/// The network address that a request comes from. Behind trusted proxies, the address that they report.
pub(crate) fn address(request: &HttpRequest) -> Option<IpAddr> {
    let options = request.app_data::<State>().map(|state| state.options());
    let trusted = options.as_ref().map_or(&[][..], |options| &options.trusted_proxies);
    request.peer_addr().map(|peer| client_address(peer.ip(), request.headers(), trusted))
}

/// Whether the sender of the request is a proxy whose forwarding headers are trusted.
pub(crate) fn comes_from_proxy(request: &HttpRequest, trusted: &[IpNetwork]) -> bool {
    request.peer_addr().is_some_and(|peer| trusted.iter().any(|network| network.contains(peer.ip())))
}

/// The first characters of a header, without control characters, because the sender chose them.
fn cut(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
}

impl Apiv2Schema for Client {}
impl OperationModifier for Client {}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use actix_web::test::TestRequest;

    use super::*;
    use crate::options::ServerOptions;
    use crate::testing::state_with;

    #[actix_web::test]
    async fn the_program_is_cut_and_the_address_is_the_peer() {
        let request = TestRequest::default()
            .insert_header((USER_AGENT, "x".repeat(1_000)))
            .peer_addr("[::ffff:192.0.2.1]:80".parse().unwrap())
            .to_http_request();
        let Client(info) = Client::extract(&request).await.unwrap();
        assert_eq!(info.user_agent.unwrap().len(), MAX_USER_AGENT);
        assert_eq!(info.address, Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))));
    }

    #[actix_web::test]
    async fn a_trusted_proxy_is_believed() {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let options = ServerOptions { trusted_proxies: proxies, ..ServerOptions::default() };
        for (peer, client) in [("10.0.0.1:80", [198, 51, 100, 9]), ("192.0.2.1:80", [192, 0, 2, 1])] {
            let request = TestRequest::default()
                .app_data(state_with(options.clone()))
                .insert_header(("X-Forwarded-For", "198.51.100.9"))
                .peer_addr(peer.parse().unwrap())
                .to_http_request();
            let Client(info) = Client::extract(&request).await.unwrap();
            assert_eq!(info.address, Some(IpAddr::from(client)));
        }
    }

    #[actix_web::test]
    async fn a_request_may_tell_nothing() {
        let Client(info) = Client::extract(&TestRequest::default().to_http_request()).await.unwrap();
        assert_eq!(info, ClientInfo::default());
    }
}
