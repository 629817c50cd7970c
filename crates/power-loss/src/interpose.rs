//! The C functions by which files are changed, in place of those of the C library.
//!
//! They do the same by system calls, and keep record of what they did in a [`Volume`](crate::Volume). Nothing is synced
//! in earnest: what counts as synced on a volume is what the record says. A volume is locked while a call is made, so
//! that the record has the order in which the calls took effect.
//!
//! With `pragma`, this file has all unsafe code of the crate. It is only linked into test programs that use the crate.
#![allow(unsafe_code, reason = "defines functions of C, and makes system calls")]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libc::{AT_FDCWD, mode_t, off_t, size_t, ssize_t};

use crate::fault::{Call, Failure};
use crate::op::FileId;
use crate::volume::{Shared, State, find};

/// Greater descriptors are not looked at.
const DESCRIPTORS: usize = 1 << 16;

/// Which descriptors belong to a volume, so that calls on others cost next to nothing.
static IS_OURS: [AtomicBool; DESCRIPTORS] = [const { AtomicBool::new(false) }; DESCRIPTORS];
/// What those stand for.
static OPEN: Mutex<BTreeMap<c_int, Open>> = Mutex::new(BTreeMap::new());

/// What a descriptor stands for.
#[derive(Clone)]
struct Open {
    volume: Arc<Shared>,
    what: What,
}

#[derive(Clone)]
enum What {
    File(FileId),
    Folder(String),
    /// A file that is not recorded.
    Transient,
}

/// Makes the linker take the functions from here. Without a reference to them, it could stop looking for `fsync` in the
/// C library before it comes to this file.
pub(crate) fn link() {
    std::hint::black_box([open64 as *const (), close as *const (), fsync as *const (), rename as *const ()]);
}

/// What a call returns: a number, or an error number.
type Result<T> = std::result::Result<T, c_int>;

fn table() -> MutexGuard<'static, BTreeMap<c_int, Open>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn flag(fd: c_int) -> Option<&'static AtomicBool> {
    IS_OURS.get(usize::try_from(fd).ok()?)
}

fn open_file(fd: c_int) -> Option<Open> {
    if flag(fd)?.load(Ordering::SeqCst) { table().get(&fd).cloned() } else { None }
}

fn errno() -> c_int {
    // SAFETY: returns the address of this thread's error number, which is valid while the thread lives.
    unsafe { *libc::__errno_location() }
}

/// Makes a system call with up to four arguments that are numbers or addresses.
fn call(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long) -> Result<c_long> {
    // SAFETY: the callers in this file pass on what the caller of a C function has passed, whose contract is that of the
    // system call. The kernel checks addresses and ignores arguments that a call doesn't have.
    let returned = unsafe { libc::syscall(number, a, b, c, d) };
    if returned < 0 { Err(errno()) } else { Ok(returned) }
}

/// Returns the result as C functions do. Last of all, because locks and allocations may change the error number.
fn answer(result: Result<c_long>) -> c_long {
    result.unwrap_or_else(|code| {
        // SAFETY: as in `errno`.
        unsafe { *libc::__errno_location() = code };
        -1
    })
}

fn address<T>(pointer: *const T) -> c_long {
    pointer as c_long
}

/// The volume that a path is on, and its name there.
fn on_volume(path: *const c_char) -> Option<(Arc<Shared>, String)> {
    // SAFETY: the callers of the functions here pass a string that ends with 0, as they would to the C library.
    find(unsafe { CStr::from_ptr(path) }.to_bytes())
}

fn sys_open(path: *const c_char, flags: c_int, mode: mode_t) -> Result<c_int> {
    let fd = call(libc::SYS_openat, AT_FDCWD.into(), address(path), flags.into(), mode.into())?;
    Ok(fd as c_int)
}

fn open(path: *const c_char, flags: c_int, mode: mode_t) -> Result<c_int> {
    let Some((volume, name)) = on_volume(path) else { return sys_open(path, flags, mode) };
    let mut state = volume.state();
    if let Some(code) = state.failure(Call::Open).and_then(Failure::errno) {
        return Err(code);
    }
    let fd = sys_open(path, flags, mode)?;
    let what = if is_folder(fd) {
        What::Folder(name)
    } else {
        state.opened(&name, flags & libc::O_TRUNC != 0).map_or(What::Transient, What::File)
    };
    drop(state);
    if let Some(flag) = flag(fd) {
        table().insert(fd, Open { volume, what });
        flag.store(true, Ordering::SeqCst);
    }
    Ok(fd)
}

fn is_folder(fd: c_int) -> bool {
    // SAFETY: all zeros are a valid `stat`, and the call writes one where it points to.
    let found = unsafe {
        let mut found: libc::stat = std::mem::zeroed();
        (libc::fstat(fd, &raw mut found) == 0).then_some(found)
    };
    found.is_some_and(|found| found.st_mode & libc::S_IFMT == libc::S_IFDIR)
}

/// Writes, at this place or where the descriptor stands.
fn write_at(fd: c_int, buffer: *const c_void, count: size_t, place: Option<off_t>) -> Result<c_long> {
    let sys_write = |count: size_t| {
        let count = c_long::try_from(count).map_err(|_| libc::EINVAL)?;
        match place {
            Some(place) => call(libc::SYS_pwrite64, fd.into(), address(buffer), count, place),
            None => call(libc::SYS_write, fd.into(), address(buffer), count, 0),
        }
    };
    let Some(Open { volume, what }) = open_file(fd) else { return sys_write(count) };
    let mut state = volume.state();
    let count = match state.failure(Call::Write) {
        Some(Failure::Short) => count.div_ceil(2),
        Some(failure) => return Err(failure.errno().unwrap_or(libc::EIO)),
        None => count,
    };
    let offset = match place {
        Some(place) => place,
        None => position(fd)?,
    };
    let written = sys_write(count)?;
    if let What::File(file) = what {
        // SAFETY: the kernel has just read these bytes from the caller's buffer.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast(), written as usize) };
        state.wrote(file, offset as u64, bytes);
    }
    Ok(written)
}

/// Where the next write to this descriptor goes.
fn position(fd: c_int) -> Result<off_t> {
    let flags = call(libc::SYS_fcntl, fd.into(), libc::F_GETFL.into(), 0, 0)?;
    let appends = flags & c_long::from(libc::O_APPEND) != 0;
    let whence = if appends { libc::SEEK_END } else { libc::SEEK_CUR };
    call(libc::SYS_lseek, fd.into(), 0, whence.into(), 0)
}

fn read_at(fd: c_int, buffer: *mut c_void, count: size_t, place: Option<off_t>) -> Result<c_long> {
    if let Some(Open { volume, what: What::File(_) }) = open_file(fd)
        && volume.has_faults()
        && let Some(code) = volume.state().failure(Call::Read).and_then(Failure::errno)
    {
        return Err(code);
    }
    let count = c_long::try_from(count).map_err(|_| libc::EINVAL)?;
    match place {
        Some(place) => call(libc::SYS_pread64, fd.into(), address(buffer), count, place),
        None => call(libc::SYS_read, fd.into(), address(buffer), count, 0),
    }
}

fn truncate(fd: c_int, length: off_t) -> Result<c_long> {
    let sys_truncate = || call(libc::SYS_ftruncate, fd.into(), length, 0, 0);
    let Some(Open { volume, what }) = open_file(fd) else { return sys_truncate() };
    let mut state = volume.state();
    if let Some(code) = state.failure(Call::Truncate).and_then(Failure::errno) {
        return Err(code);
    }
    let returned = sys_truncate()?;
    if let What::File(file) = what {
        state.truncated(file, length as u64);
    }
    Ok(returned)
}

fn sync(fd: c_int, number: c_long) -> Result<c_long> {
    let Some(Open { volume, what }) = open_file(fd) else { return call(number, fd.into(), 0, 0, 0) };
    let mut state = volume.state();
    let failed = state.failure(Call::Sync).and_then(Failure::errno);
    match (what, failed) {
        (What::File(file), None) => state.synced(file),
        (What::File(file), Some(_)) => state.sync_failed(file),
        (What::Folder(folder), None) => state.synced_folder(&folder),
        (What::Folder(_) | What::Transient, _) => {}
    }
    failed.map_or(Ok(0), Err)
}

/// Makes a call that changes names, and records it.
fn change_name(
    path: *const c_char,
    sys_call: impl FnOnce() -> Result<c_long>,
    record: impl FnOnce(&mut State, &str),
) -> Result<c_long> {
    let Some((volume, name)) = on_volume(path) else { return sys_call() };
    let mut state = volume.state();
    if let Some(code) = state.failure(Call::Name).and_then(Failure::errno) {
        return Err(code);
    }
    let returned = sys_call()?;
    record(&mut state, &name);
    Ok(returned)
}

/// Changes two names of a file, the former and the new one.
fn change_names(
    from: *const c_char,
    to: *const c_char,
    sys_call: impl FnOnce() -> c_long,
    record: impl FnOnce(&mut State, &str, &str),
) -> c_int {
    let to = on_volume(to);
    let sys_call = || {
        let returned = sys_call();
        if returned < 0 { Err(errno()) } else { Ok(returned) }
    };
    let record = |state: &mut State, from: &str| {
        if let Some((_, to)) = to {
            record(state, from, &to);
        }
    };
    answer(change_name(from, sys_call, record)) as c_int
}

// The C library's functions. `open` is variadic in C. On the platforms of Linux, a third argument is passed as it is to
// a function with three parameters, and a missing one is read as an arbitrary number, which the kernel ignores unless a
// file is created. For all of them: their contracts are those of POSIX.

/// `open(2)`
#[unsafe(no_mangle)]
extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    answer(open(path, flags, mode).map(c_long::from)) as c_int
}

/// `close(2)`
#[unsafe(no_mangle)]
extern "C" fn close(fd: c_int) -> c_int {
    if flag(fd).is_some_and(|flag| flag.swap(false, Ordering::SeqCst)) {
        table().remove(&fd);
    }
    answer(call(libc::SYS_close, fd.into(), 0, 0, 0)) as c_int
}

/// `write(2)`
#[unsafe(no_mangle)]
extern "C" fn write(fd: c_int, buffer: *const c_void, count: size_t) -> ssize_t {
    answer(write_at(fd, buffer, count, None)) as ssize_t
}

/// `pwrite(2)`
#[unsafe(no_mangle)]
extern "C" fn pwrite64(fd: c_int, buffer: *const c_void, count: size_t, offset: off_t) -> ssize_t {
    answer(write_at(fd, buffer, count, Some(offset))) as ssize_t
}

/// `read(2)`
#[unsafe(no_mangle)]
extern "C" fn read(fd: c_int, buffer: *mut c_void, count: size_t) -> ssize_t {
    answer(read_at(fd, buffer, count, None)) as ssize_t
}

/// `pread(2)`
#[unsafe(no_mangle)]
extern "C" fn pread64(fd: c_int, buffer: *mut c_void, count: size_t, offset: off_t) -> ssize_t {
    answer(read_at(fd, buffer, count, Some(offset))) as ssize_t
}

/// `ftruncate(2)`
#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, length: off_t) -> c_int {
    answer(truncate(fd, length)) as c_int
}

/// `fsync(2)`
#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    answer(sync(fd, libc::SYS_fsync)) as c_int
}

/// `fdatasync(2)`
#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    answer(sync(fd, libc::SYS_fdatasync)) as c_int
}

/// `unlink(2)`
#[unsafe(no_mangle)]
extern "C" fn unlink(path: *const c_char) -> c_int {
    let sys_unlink = || call(libc::SYS_unlinkat, AT_FDCWD.into(), address(path), 0, 0);
    answer(change_name(path, sys_unlink, State::unlinked)) as c_int
}

/// `rename(2)`
#[unsafe(no_mangle)]
extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: passes on what the caller has passed, two strings. `renameat2` is the one call that all platforms have.
    let sys_rename = || unsafe { libc::syscall(libc::SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) };
    change_names(from, to, sys_rename, State::renamed)
}

/// `linkat(2)`, by which Rust's standard library makes hard links.
#[unsafe(no_mangle)]
extern "C" fn linkat(
    old_folder: c_int,
    from: *const c_char,
    new_folder: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: passes on what the caller has passed.
    let sys_link = || unsafe { libc::syscall(libc::SYS_linkat, old_folder, from, new_folder, to, flags) };
    change_names(from, to, sys_link, State::linked)
}

/// `copy_file_range(2)`, by which Rust's standard library copies files: not available on volumes, so that it reads and
/// writes instead.
#[unsafe(no_mangle)]
extern "C" fn copy_file_range(
    from: c_int,
    from_offset: *mut off_t,
    to: c_int,
    to_offset: *mut off_t,
    count: size_t,
    flags: c_uint,
) -> ssize_t {
    if open_file(to).is_some() {
        return answer(Err(libc::ENOSYS)) as ssize_t;
    }
    // SAFETY: passes on what the caller has passed.
    let copied =
        unsafe { libc::syscall(libc::SYS_copy_file_range, from, from_offset, to, to_offset, count, flags) };
    answer(if copied < 0 { Err(errno()) } else { Ok(copied) }) as ssize_t
}

/// `sendfile(2)`, which it tries next.
#[unsafe(no_mangle)]
extern "C" fn sendfile64(to: c_int, from: c_int, offset: *mut off_t, count: size_t) -> ssize_t {
    if open_file(to).is_some() {
        return answer(Err(libc::ENOSYS)) as ssize_t;
    }
    let count = c_long::try_from(count).map_err(|_| libc::EINVAL);
    answer(count.and_then(|count| call(libc::SYS_sendfile, to.into(), from.into(), address(offset), count)))
        as ssize_t
}
