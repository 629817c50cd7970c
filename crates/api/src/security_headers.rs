//! Headers of every response that keep browsers and caches from misinterpreting it.

use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// The policy of everything that is no page. What has no rule of its own, such as `object-src`, falls back to `default-src`.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The headers, unless the answer has its own.
const DEFAULTS: [(HeaderName, HeaderValue); 4] = [
    // What is answered to a key is nobody else's (RFC 9111, section 5.2.2.5). Files that are for all say otherwise.
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    // Whatever it is taken for, it loads and runs nothing, and no frame of another site shows it.
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    // Ids in addresses go to no other site.
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // A message's text is never taken for a script or a page.
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// What browsers are told about TLS (RFC 6797, section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrictTransport {
    /// For how long to come back by TLS only; zero says nothing.
    pub lasts: Duration,
    /// Whether that is so for all names below the server's, too.
    pub subdomains: bool,
}

/// Tells browsers to come back by TLS only, if the server speaks it.
pub(crate) fn add_strict_transport(headers: &mut HeaderMap, strict: Option<StrictTransport>) {
    let Some(strict) = strict.filter(|strict| !strict.lasts.is_zero()) else { return };
    let subdomains = if strict.subdomains { "; includeSubDomains" } else { "" };
    let value = HeaderValue::from_str(&format!("max-age={}{subdomains}", strict.lasts.as_secs()));
    headers.insert(STRICT_TRANSPORT_SECURITY, value.expect("digits and a word may be in a header"));
}

/// Adds them to an answer.
pub(crate) fn add(headers: &mut HeaderMap) {
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}
