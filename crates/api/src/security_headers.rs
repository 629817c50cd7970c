//! Headers of every response that keep browsers and caches from misinterpreting it.

use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// The headers, unless the answer has its own.
const DEFAULTS: [(HeaderName, HeaderValue); 4] = [
    // What is answered to a key is nobody else's (RFC 9111, section 5.2.2.5). Files that are for all say otherwise.
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    // No frame of another site shows it.
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'")),
    // Ids in addresses go to no other site.
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // A message's text is never taken for a script or a page.
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// Tells browsers for how long to come back by TLS only, if the server speaks it.
pub(crate) fn add_strict_transport(headers: &mut HeaderMap, strict_for: Option<Duration>) {
    let Some(strict_for) = strict_for.filter(|strict_for| !strict_for.is_zero()) else { return };
    let value = HeaderValue::from_str(&format!("max-age={}", strict_for.as_secs()));
    headers.insert(STRICT_TRANSPORT_SECURITY, value.expect("digits may be in a header"));
}

/// Adds them to an answer.
pub(crate) fn add(headers: &mut HeaderMap) {
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}
