//! Notes when the program was made: a clock that shows an earlier time is wrong.

use std::time::SystemTime;

/// What those set who want the same program from the same source (reproducible-builds.org), in seconds.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

fn main() {
    println!("cargo::rerun-if-env-changed={EPOCH}");
    println!("cargo::rerun-if-changed=build.rs");
    let given = std::env::var(EPOCH).ok().and_then(|seconds| seconds.parse().ok());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // Cargo also sets it where it runs the program, which would take its own prefix for a setting.
    println!("cargo::rustc-env=PROGRAM_MADE_AT={}", given.unwrap_or_else(now));
}
