//! Connections of SQLite that sync less than the program tells them to, to test tests.
//!
//! SQLite hands each new connection to *automatic extensions* (<https://sqlite.org/c3ref/auto_extension.html>). The one
//! here sets `PRAGMA synchronous`, and an authorizer that makes SQLite ignore all later ones.
#![allow(unsafe_code, reason = "calls functions of C, and is called by C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libsqlite3_sys::{
    SQLITE_IGNORE, SQLITE_OK, SQLITE_PRAGMA, sqlite3, sqlite3_api_routines, sqlite3_auto_extension,
    sqlite3_db_filename, sqlite3_exec, sqlite3_set_authorizer,
};

/// The folders, with the statement for their connections.
static FORCED: Mutex<Vec<(PathBuf, CString)>> = Mutex::new(Vec::new());

fn forced() -> MutexGuard<'static, Vec<(PathBuf, CString)>> {
    FORCED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets connections to databases in this folder run with this value of `PRAGMA synchronous`, such as `NORMAL`, whatever
/// the program sets.
pub(crate) fn force_synchronous(folder: &Path, value: &str) {
    let statement = CString::new(format!("PRAGMA synchronous = {value}")).unwrap_or_default();
    forced().push((folder.to_owned(), statement));
    // SAFETY: `on_open` has the signature that SQLite calls automatic extensions with, and is there for as long as the
    // process. Registering the same function again does nothing.
    unsafe { sqlite3_auto_extension(Some(on_open)) };
}

/// SQLite calls this for each connection that it opens.
unsafe extern "C" fn on_open(
    connection: *mut sqlite3,
    _error: *mut *mut c_char,
    _api: *const sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite passes the connection that it is opening. The name is null or ends with 0, and lives as long as
    // the connection.
    let name = unsafe {
        let name = sqlite3_db_filename(connection, c"main".as_ptr());
        if name.is_null() { c"" } else { CStr::from_ptr(name) }
    };
    let path = Path::new(name.to_str().unwrap_or_default());
    let forced = forced();
    if let Some((_, statement)) = forced.iter().find(|(folder, _)| path.starts_with(folder)) {
        // SAFETY: the connection is valid, the statement ends with 0, and the authorizer has the signature that SQLite
        // asks for and uses no context.
        unsafe {
            sqlite3_exec(connection, statement.as_ptr(), None, null_mut(), null_mut());
            sqlite3_set_authorizer(connection, Some(authorize), null_mut());
        }
    }
    SQLITE_OK
}

/// SQLite calls this for each action of a statement that it compiles.
unsafe extern "C" fn authorize(
    _context: *mut c_void,
    action: c_int,
    pragma: *const c_char,
    value: *const c_char,
    _database: *const c_char,
    _trigger: *const c_char,
) -> c_int {
    let sets = action == SQLITE_PRAGMA && !pragma.is_null() && !value.is_null();
    // SAFETY: for this action, the first name is that of the pragma, and ends with 0.
    let is_ours = sets && unsafe { CStr::from_ptr(pragma) }.to_bytes().eq_ignore_ascii_case(b"synchronous");
    if is_ours { SQLITE_IGNORE } else { SQLITE_OK }
}
