//! How much memory a process takes, and how large a file is.

use std::path::Path;

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
        let path = format!("/proc/{pid}/status");
        let status = std::fs::read_to_string(&path)
            .map_err(|source| BenchError::io(format!("reading {path}"), source))?;
        Self::parse(&status)
            .ok_or_else(|| BenchError::io(format!("reading {path}"), std::io::ErrorKind::InvalidData.into()))
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
}
