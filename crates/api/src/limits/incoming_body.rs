//! Counts the memory of arriving bodies toward their caller's budget.

use actix_web::HttpRequest;

use super::caller::caller;
use super::{Permit, refusal};
use crate::problem::ApiError;
use crate::state::State;

/// A body that is arriving. The bytes that have arrived count toward the caller's budget from the first time we wait
/// for more. So a body that arrives at once costs nothing.
#[derive(Debug)]
pub(crate) struct IncomingBody {
    request: HttpRequest,
    permit: Option<Permit>,
}

impl IncomingBody {
    /// For a request of which no part of the body has arrived.
    pub(crate) const fn new(request: HttpRequest) -> Self {
        Self { request, permit: None }
    }

    /// Counts all bytes that are kept of the body by now.
    ///
    /// # Errors
    /// The caller, or all callers together, keep too many bytes.
    pub(crate) fn count(&mut self, kept: usize) -> Result<(), ApiError> {
        let kept = kept as u64;
        let grown = match &mut self.permit {
            None if kept == 0 => Ok(()),
            None => {
                let Some(state) = self.request.app_data::<State>() else { return Ok(()) };
                let caller = caller(&self.request, state);
                state.limits.arriving.of(caller).take(caller, kept).map(|permit| self.permit = Some(permit))
            }
            Some(permit) if permit.amount() < kept => permit.grow(kept - permit.amount()),
            Some(_) => Ok(()),
        };
        grown.map_err(|exhausted| refusal(exhausted, "request bodies that have not arrived completely"))
    }
}
