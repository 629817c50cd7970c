//! Lets a program end SQLite's statements while they run.
//!
//! Diesel gives nobody the handle of a connection, and so no way to `sqlite3_interrupt` or
//! `sqlite3_progress_handler`. SQLite itself hands the handle of each new connection to *automatic extensions*
//! (<https://sqlite.org/c3ref/auto_extension.html>); the one here sets a progress handler
//! (<https://sqlite.org/c3ref/progress_handler.html>) that asks a function of the program whether to go on.
//!
//! All unsafe code of the workspace is in this file: two calls of C functions, and two functions that C calls. The
//! reasons are in `docs/adr/0012-time-limits-of-reads.md`.

use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

use libsqlite3_sys::{
    SQLITE_OK, sqlite3, sqlite3_api_routines, sqlite3_auto_extension, sqlite3_progress_handler,
};

/// SQLite asks each time it has executed so many steps of a statement: some tens of microseconds apart.
const STEPS: c_int = 1_000;

/// What is asked; set once.
static IS_OVER: OnceLock<fn() -> bool> = OnceLock::new();

/// From now on each connection that this process opens asks `is_over`, on the thread that executes the statement,
/// whether to end it; a statement so ended fails with "interrupted". What is asked is settled by the first call.
///
/// `is_over` MUST be quick, use no connection, and not panic: a panic can't pass through SQLite and ends the process.
///
/// # Errors
/// SQLite's result code, where it has no memory for it.
pub fn watch_statements(is_over: fn() -> bool) -> Result<(), i32> {
    IS_OVER.get_or_init(|| is_over);
    // SAFETY: `on_open` has the signature that SQLite calls automatic extensions with, and is there for as long as the
    // process. Registering the same function again does nothing. SQLite guards the list by a mutex of its own.
    #[allow(unsafe_code, reason = "calls a function of C")]
    let code = unsafe { sqlite3_auto_extension(Some(on_open)) };
    if code == SQLITE_OK { Ok(()) } else { Err(code) }
}

/// SQLite calls this for each connection that it opens.
#[allow(unsafe_code, reason = "is called by C")]
unsafe extern "C" fn on_open(
    connection: *mut sqlite3,
    _error: *mut *mut c_char,
    _api: *const sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite passes the connection that it is opening, which is valid during this call. `on_progress` has the
    // signature that is asked for and uses no context.
    unsafe { sqlite3_progress_handler(connection, STEPS, Some(on_progress), std::ptr::null_mut()) };
    SQLITE_OK
}

/// SQLite calls this while it executes a statement; any number but 0 ends the statement. Touches nothing of SQLite.
#[allow(unsafe_code, reason = "is called by C")]
unsafe extern "C" fn on_progress(_context: *mut c_void) -> c_int {
    IS_OVER.get().is_some_and(|is_over| is_over()).into()
}
