//! Which origins may listen with a ticket.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HOST, HeaderName, HeaderValue, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};

use crate::cors::{is_listed, vary_by_origin};
use crate::extract::comes_from_proxy;
use crate::options::ServerOptions;
use crate::state::State;

/// The header in which a proxy passes on the `Host` of the request.
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Whether pages of this origin (RFC 6454) may listen: those of the server itself, of its public address, or of the
/// lists.
pub(super) fn is_allowed(origin: &[u8], request: &HttpRequest, options: &ServerOptions) -> bool {
    let Ok(origin) = str::from_utf8(origin) else { return false };
    let is = |allowed: &str| origin.eq_ignore_ascii_case(allowed);
    // Behind a proxy, the scheme is unknown here. The host is enough to distinguish sites.
    host(request, options).is_some_and(|host| is(&format!("http://{host}")) || is(&format!("https://{host}")))
        || options.public_url.as_deref().is_some_and(is)
        || is_listed(origin.as_bytes(), &options.allowed_origins)
        || is_listed(origin.as_bytes(), &options.event_origins)
}

/// The server's name according to the request. Only trusted proxies may state another one.
fn host<'a>(request: &'a HttpRequest, options: &ServerOptions) -> Option<&'a str> {
    let text = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let forwarded = text(FORWARDED_HOST).filter(|_| comes_from_proxy(request, &options.trusted_proxies));
    // Each proxy appends its own.
    forwarded.and_then(|hosts| hosts.rsplit(',').next()).map(str::trim).or_else(|| text(HOST))
}

/// Lets a page read the response if it may listen (Fetch Standard, section 3.3). Otherwise a browser hides the response
/// to another origin, including an error that tells the page not to try again. Sockets are not subject to this.
///
/// # Errors
/// The error of the response.
pub(super) async fn add_cors_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    if let Some(origin) = reader(response.request()) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        vary_by_origin(response.headers_mut());
    }
    Ok(response)
}

/// The origin of the requesting page, if it may listen.
fn reader(request: &HttpRequest) -> Option<HeaderValue> {
    let (origin, state) = (request.headers().get(ORIGIN)?, request.app_data::<State>()?);
    is_allowed(origin.as_bytes(), request, &state.options()).then(|| origin.clone())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_pages_of_the_server_and_of_the_list_may_listen() {
        let request = TestRequest::default().insert_header(("Host", "127.0.0.1:5000")).to_http_request();
        let options = ServerOptions {
            public_url: Some("https://chat.example.org".into()),
            allowed_origins: vec!["https://intranet.example.org".into()],
            event_origins: vec!["https://board.example.org".into()],
            ..ServerOptions::default()
        };
        for good in [
            "http://127.0.0.1:5000",
            "https://chat.example.org",
            "HTTPS://Intranet.example.org",
            "https://board.example.org",
        ] {
            assert!(is_allowed(good.as_bytes(), &request, &options), "{good}");
        }
        for bad in [
            "null",
            "",
            "https://chat.example.org.evil.org",
            "http://127.0.0.1:5001",
            "http://intranet.example.org",
        ] {
            assert!(!is_allowed(bad.as_bytes(), &request, &options), "{bad}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_may_state_the_forwarded_host() {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let options = ServerOptions { trusted_proxies, ..ServerOptions::default() };
        for (peer, page_of) in [("10.0.0.1:80", "chat.example.org"), ("192.0.2.1:80", "backend:5000")] {
            let request = TestRequest::default()
                .insert_header(("Host", "backend:5000"))
                .insert_header(("X-Forwarded-Host", "evil.example.org, chat.example.org"))
                .peer_addr(peer.parse().unwrap())
                .to_http_request();
            for host in ["chat.example.org", "evil.example.org", "backend:5000"] {
                let is_allowed = is_allowed(format!("https://{host}").as_bytes(), &request, &options);
                assert_eq!(is_allowed, host == page_of, "{host} from {peer}");
            }
        }
    }
}
