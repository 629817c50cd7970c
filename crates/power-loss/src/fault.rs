//! Calls that fail.

use std::ffi::c_int;

/// A call that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Reading from a file.
    Read,
    /// Writing to a file.
    Write,
    /// Syncing a file or a folder.
    Sync,
    /// Setting the length of a file.
    Truncate,
    /// Opening or creating a file.
    Open,
    /// Renaming, linking or unlinking a file.
    Name,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Read, Self::Write, Self::Sync, Self::Truncate, Self::Open, Self::Name];
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The device reports an error.
    Eio,
    /// The device is full.
    Enospc,
    /// Only a part is written, which is no error. Calls other than writes succeed.
    Short,
}

impl Failure {
    /// The error number; `None` if it is no error.
    pub(crate) const fn errno(self) -> Option<c_int> {
        match self {
            Self::Eio => Some(libc::EIO),
            Self::Enospc => Some(libc::ENOSPC),
            Self::Short => None,
        }
    }
}

/// Which calls on a volume fail, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The call.
    pub call: Call,
    /// How many such calls succeed first, counted from when the fault was set.
    pub after: usize,
    /// How many fail then.
    pub times: usize,
    /// How.
    pub failure: Failure,
}

impl Fault {
    /// Counts a call, and says whether and how it fails.
    pub(crate) fn next(&mut self, call: Call) -> Option<Failure> {
        if call != self.call || self.times == 0 {
            return None;
        }
        if let Some(fewer) = self.after.checked_sub(1) {
            self.after = fewer;
            return None;
        }
        self.times -= 1;
        Some(self.failure)
    }
}
