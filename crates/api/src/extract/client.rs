//! Where a request comes from.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::accounts::ClientInfo;
use paperclip::actix::OperationModifier;
use paperclip::v2::schema::Apiv2Schema;

/// The most characters that are kept of a `User-Agent`.
const MAX_USER_AGENT: usize = 200;

/// The program and the network address that a request comes from.
#[derive(Debug, Clone)]
pub struct Client(pub ClientInfo);

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(USER_AGENT);
        let user_agent = header.map(|value| cut(&String::from_utf8_lossy(value.as_bytes())));
        let address = request.peer_addr().map(|peer| peer.ip().to_canonical());
        ready(Ok(Self(ClientInfo { user_agent: user_agent.filter(|text| !text.is_empty()), address })))
    }
}

/// The first characters of a header, without control characters: the sender chose them.
fn cut(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
}

impl Apiv2Schema for Client {}
impl OperationModifier for Client {}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use actix_web::test::TestRequest;

    use super::*;

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
    async fn a_request_may_tell_nothing() {
        let Client(info) = Client::extract(&TestRequest::default().to_http_request()).await.unwrap();
        assert_eq!(info, ClientInfo::default());
    }
}
