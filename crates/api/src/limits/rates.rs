//! Limits how often a caller may make requests of a class.

use groupchat_domain::rates::RequestClass;
use groupchat_domain::storage::Caller;

use crate::problem::{ApiError, Code};
use crate::rate_notice::RateNotice;
use crate::state::AppState;

/// Counts a request of a class.
///
/// # Errors
/// The caller has made too many of them.
pub(crate) fn count(
    state: &AppState,
    class: RequestClass,
    caller: Caller,
) -> Result<Option<RateNotice>, ApiError> {
    match state.rates.take(class, caller) {
        Ok(allowance) => Ok(allowance.and_then(|allowance| RateNotice::of(class, allowance))),
        Err(exceeded) => {
            let (rate, class_name) = (exceeded.rate, class.as_str());
            let detail = format!(
                "at most {} requests of the class `{class_name}` a second, with bursts of up to {}",
                rate.per_second, rate.burst,
            );
            let refused = ApiError::new(Code::TooManyRequests, detail).retry_after(exceeded.wait);
            Err(refused.of_rate(RateNotice::exceeded(class, exceeded)))
        }
    }
}
