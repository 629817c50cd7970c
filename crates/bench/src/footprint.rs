//! How much memory and processor time a process takes, and how large a file is.

use std::path::Path;
use std::time::Duration;

use crate::error::BenchError;

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
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
    pub(crate) fn of(pid: u32) -> Result<Self, BenchError> {
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

/// The processor time that a running process has taken, by itself and by the system for it. To a hundredth of a
/// second.
///
/// # Errors
/// There is no such process, or no such file on this system.
pub(crate) fn processor_time(pid: u32) -> Result<Duration, BenchError> {
    ProcessStat::of(pid).map(|stat| stat.own)
}

/// A process and its children, such as those of a PostgreSQL server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessFamily {
    parent: u32,
}

impl ProcessFamily {
    /// The family of a running child. `None` if no process of this id has that name here: it may be known by
    /// another id, in a container.
    #[cfg_attr(not(any(feature = "postgres", test)), expect(dead_code, reason = "SQLite has no processes"))]
    pub(crate) fn of_child(pid: u32, name: &str) -> Option<Self> {
        let child = ProcessStat::of(pid).ok()?;
        (child.name == name).then_some(Self { parent: child.parent })
    }

    /// The processor time that the processes of the family have taken, those that have ended included.
    ///
    /// # Errors
    /// The parent has ended.
    pub(crate) fn processor_time(self) -> Result<Duration, BenchError> {
        let parent = ProcessStat::of(self.parent)?;
        let failed = |source| BenchError::io("reading /proc", source);
        let mut children = Duration::ZERO;
        for entry in std::fs::read_dir("/proc").map_err(failed)? {
            let Ok(pid) = entry.map_err(failed)?.file_name().to_string_lossy().parse() else { continue };
            // Others may end at any time.
            let Ok(stat) = ProcessStat::of(pid) else { continue };
            if stat.parent == self.parent {
                children += stat.own;
            }
        }
        Ok(parent.own + parent.ended_children + children)
    }
}

/// What `/proc/PID/stat` says of a process (proc(5)).
#[derive(Debug, PartialEq, Eq)]
struct ProcessStat {
    name: String,
    parent: u32,
    /// Processor time of its own.
    own: Duration,
    /// Processor time of its children that have ended.
    ended_children: Duration,
}

impl ProcessStat {
    fn of(pid: u32) -> Result<Self, BenchError> {
        read_proc(pid, "stat", Self::parse)
    }

    fn parse(stat: &str) -> Option<Self> {
        /// Linux counts in these whatever its own clock (`USER_HZ`).
        const TICK: Duration = Duration::from_millis(10);
        // The name may hold spaces and brackets, but no bracket follows it.
        let (start, rest) = stat.rsplit_once(')')?;
        let fields: Vec<_> = rest.split_whitespace().collect();
        // By the numbers of proc(5), in which what follows the name begins with field 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<u32>().ok();
        Some(Self {
            name: start.split_once('(')?.1.to_owned(),
            parent: field(4)?,
            own: TICK * (field(14)? + field(15)?),
            ended_children: TICK * (field(16)? + field(17)?),
        })
    }
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
pub(crate) fn file_size(path: &Path) -> Result<u64, BenchError> {
    let metadata = std::fs::metadata(path);
    metadata
        .map(|metadata| metadata.len())
        .map_err(|source| BenchError::io(format!("looking at {}", path.display()), source))
}

/// The size of all files in a folder, in bytes, without folders in it.
///
/// # Errors
/// It can't be looked at.
pub(crate) fn folder_size(path: &Path) -> Result<u64, BenchError> {
    let failed = |source| BenchError::io(format!("looking at {}", path.display()), source);
    let entries = std::fs::read_dir(path).map_err(failed)?;
    // One that is gone meanwhile takes no room.
    Ok(entries.filter_map(|entry| entry.ok()?.metadata().ok()).map(|metadata| metadata.len()).sum())
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
        let stat = "42 (group (chat)) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 30 20 20 0 9 0 1234 5678 90\n";
        let expected = ProcessStat {
            name: "group (chat)".to_owned(),
            parent: 1,
            own: Duration::from_secs(2),
            ended_children: Duration::from_millis(500),
        };
        assert_eq!(ProcessStat::parse(stat), Some(expected));
        assert_eq!(ProcessStat::parse("42 (groupchat) S 1"), None);
    }

    #[test]
    fn a_family_is_found_by_a_child_of_the_right_name() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        // Until it has become the other program.
        while ProcessStat::of(child.id()).unwrap().name != "sleep" {
            std::thread::yield_now();
        }
        let family = ProcessFamily::of_child(child.id(), "sleep");
        assert_eq!(family, Some(ProcessFamily { parent: std::process::id() }));
        assert_eq!(ProcessFamily::of_child(child.id(), "postgres"), None);
        assert!(family.unwrap().processor_time().is_ok());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
