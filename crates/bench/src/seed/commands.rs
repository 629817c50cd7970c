//! How commands that fill a database run.

use groupchat_domain::storage::{Access, Caller, Mode};

/// The server's own access, which no limit per caller applies to.
pub(crate) const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };
/// The same, to read.
pub(crate) const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// How many steps a command takes: as many as a command of the server may touch rows.
pub(super) const STEPS_PER_COMMAND: usize = 500;
