//! Which problems each operation can respond with.

use groupchat_domain::storage::WritePurpose;
use serde_json::Value;

use crate::feature::{Operation, operation};
use crate::problem::Code::{self, *};
use crate::routes::FEATURES;

/// What happens before an operation is found, or outside of all of them.
pub(super) const ANYWHERE: &[Code] =
    &[BadRequest, RouteNotFound, MethodNotAllowed, RequestTimeout, UriTooLong, HeadTooLarge];

/// What the features say of an operation.
fn described(id: &str) -> Operation {
    let mut all = FEATURES.iter().flat_map(|feature| feature.operations);
    all.find(|known| known.id == id).copied().unwrap_or(operation("", &[]))
}

/// All that an operation can reject, in the order of the table of codes.
pub(super) fn codes_of(method: &str, operation: &Value) -> Vec<Code> {
    let described = described(operation["operationId"].as_str().unwrap_or_default());
    // Every operation rejects parameters that it doesn't know.
    let mut codes = vec![ValidationFailed, Internal];
    codes.extend(described.refusals);
    if operation["security"].is_array() {
        codes.extend([MissingKey, InvalidKey, InsufficientScope]);
        if !described.is_open_before_password_change {
            codes.push(PasswordChangeRequired);
        }
        if !described.is_open_before_factor {
            codes.push(FactorRequired);
        }
    }
    if operation["requestBody"].is_object() {
        codes.extend([BadRequest, MalformedJson]);
        codes.extend([RequestTimeout, PayloadTooLarge, UnsupportedMediaType]);
    }
    if described.is_limited {
        codes.extend([TooManyRequests, Overloaded]);
    }
    if described.has_storage {
        codes.extend([Overloaded, Unavailable]);
        if method != "get" {
            codes.push(OutcomeUnknown);
            // Nothing holds up a write that keeps an account safe; the others are limited, and those that grow need
            // room on the disk.
            match described.purpose {
                WritePurpose::Secure => {}
                WritePurpose::Tidy => codes.push(TooManyRequests),
                WritePurpose::Grow => codes.extend([TooManyRequests, StorageFull]),
            }
        }
    }
    Code::ALL.iter().copied().filter(|code| codes.contains(code)).collect()
}
