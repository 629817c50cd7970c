//! The limit of open files. Child processes inherit it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::error::LiveError;

/// What a process has open besides the sockets in question: its database, its runtime, other connections.
const BESIDES: u64 = 256;

/// Lets this process, and those it starts from now on, hold so many sockets.
///
/// # Errors
/// [`LiveError::OpenFiles`] if that is above the hard limit, which only an administrator can raise.
pub(crate) fn allow(sockets: usize) -> Result<(), LiveError> {
    let needed = sockets as u64 + BESIDES;
    let limit = getrlimit(Resource::Nofile);
    if is_enough(limit.current, needed) {
        return Ok(());
    }
    if !is_enough(limit.maximum, needed) {
        return Err(LiveError::OpenFiles { needed, allowed: limit.maximum.unwrap_or(u64::MAX) });
    }
    let raised = Rlimit { current: Some(needed), ..limit };
    setrlimit(Resource::Nofile, raised).map_err(|error| LiveError::Socket(error.into()))
}

/// Whether a limit, where there is one, is high enough.
fn is_enough(limit: Option<u64>, needed: u64) -> bool {
    limit.is_none_or(|limit| limit >= needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_there_are_is_allowed_and_more_than_the_system_has_is_refused() {
        allow(1).unwrap();
        let hard = getrlimit(Resource::Nofile).maximum;
        // Without a hard limit there is nothing to reject.
        let Some(hard) = hard else { return };
        let error = allow(usize::try_from(hard).unwrap()).unwrap_err();
        assert!(error.to_string().contains(&format!("`ulimit -n {}`", hard + BESIDES)), "{error}");
    }
}
