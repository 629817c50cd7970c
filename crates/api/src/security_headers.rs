//! Headers of every response that keep browsers and caches from misinterpreting it.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
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

/// Adds them to an answer.
pub(crate) fn add(headers: &mut HeaderMap) {
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}
