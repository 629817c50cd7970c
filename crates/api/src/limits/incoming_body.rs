//! Counts the memory of arriving bodies toward their caller's budget.

use actix_web::HttpRequest;

use super::caller::caller;
use super::{Permit, refusal};
use crate::problem::ApiError;
use crate::state::State;

/// A body that is arriving. It counts as its caller's by what has come, from the first time that it is waited for; so
/// one that is there at once costs nothing.
#[derive(Debug)]
pub(crate) struct IncomingBody {
    request: HttpRequest,
    permit: Option<Permit>,
}

impl IncomingBody {
    /// Of this request; nothing has come.
    pub(crate) const fn new(request: HttpRequest) -> Self {
        Self { request, permit: None }
    }

    /// Counts all that is kept of it by now.
    ///
    /// # Errors
    /// Too much of the caller's, or of everybody's, is on its way.
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
        grown.map_err(|exhausted| refusal(exhausted, "bytes of bodies that are not whole"))
    }
}
