//! How much memory and processor time a process takes, and how large a file is.

use std::path::Path;
use std::time::Duration;

use crate::error::BenchError;

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What is resident now (`VmRSS`).
    pub resident: u64,
    /// The most that was ever resident (`VmHWM`).
    pub peak: u64,
}

impl Memory {
    /// The memory of a running process, from `/proc/PID/status` (proc(5)).
    ///
    /// # Errors
    /// There is no such process, or no such file on this system.
    pub fn of(pid: u32) -> Result<Self, BenchError> {
        read_proc(pid, "status", Self::parse)
    }

    fn parse(status: &str) -> Option<Self> {
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kibibytes * 1024)
        };
        Some(Self { resident: bytes("VmRSS")?, peak: bytes("VmHWM")? })
    }
}

/// The processor time that a running process has taken, by itself and by the system for it, from
/// `/proc/PID/stat` (proc(5)). To a hundredth of a second.
///
/// # Errors
/// There is no such process, or no such file on this system.
pub fn processor_time(pid: u32) -> Result<Duration, BenchError> {
    read_proc(pid, "stat", parse_processor_time)
}

fn parse_processor_time(stat: &str) -> Option<Duration> {
    /// Linux counts in these whatever its own clock (`USER_HZ`).
    const TICK: Duration = Duration::from_millis(10);
    // The name may hold spaces and brackets, but no bracket follows it. utime and stime are fields 14 and 15,
    // and what follows the name begins with field 3.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(14 - 3).map(str::parse::<u32>);
    Some(TICK * (ticks.next()?.ok()? + ticks.next()?.ok()?))
}

fn read_proc<T>(pid: u32, name: &str, parse: fn(&str) -> Option<T>) -> Result<T, BenchError> {
    let path = format!("/proc/{pid}/{name}");
    let failed = |source| BenchError::io(format!("reading {path}"), source);
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    parse(&text).ok_or_else(|| failed(std::io::ErrorKind::InvalidData.into()))
}

/// The size of a file, in bytes.
///
/// # Errors
/// It can't be looked at.
pub fn file_size(path: &Path) -> Result<u64, BenchError> {
    let metadata = std::fs::metadata(path);
    metadata
        .map(|metadata| metadata.len())
        .map_err(|source| BenchError::io(format!("looking at {}", path.display()), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_a_process_status() {
        let status = "Name:\tgroupchat\nVmPeak:\t  999 kB\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(Memory::parse(status), Some(Memory { resident: 10 << 20, peak: 20 << 20 }));
        assert_eq!(Memory::parse("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn processor_time_is_read_from_a_process_stat() {
        let stat = "42 (group (chat)) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 9 0 1234 5678 90\n";
        assert_eq!(parse_processor_time(stat), Some(Duration::from_secs(2)));
        assert_eq!(parse_processor_time("42 (groupchat) S 1"), None);
    }
}
