//! Says which tests a run without the feature `postgres` leaves out. No test itself, so that it is always seen:
//! `cargo test` shows what a test prints only if it fails.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "to print is all that it is for")]

#[cfg(feature = "postgres")]
fn main() {}

#[cfg(not(feature = "postgres"))]
fn main() {
    let programs = on_postgres::test_programs();
    assert!(!programs.is_empty() && on_postgres::runner().is_file(), "says what isn't so: mend this file");
    println!("\nleft out, for want of the feature `postgres`: these tests on a PostgreSQL server");
    for program in programs {
        println!("    {program}");
    }
    println!(
        "they need the Debian packages libpq-dev and postgresql; this gets them and a server, and runs all:"
    );
    println!("    {} cargo test --workspace --features postgres\n", on_postgres::RUNNER);
}

#[cfg(not(feature = "postgres"))]
mod on_postgres {
    use std::fs::{read_dir, read_to_string};
    use std::path::{Path, PathBuf};

    /// Starts a PostgreSQL server for a command.
    pub(crate) const RUNNER: &str = ".ci/postgres";
    /// What only code for both databases has in it.
    const MARK: &str = "feature = \"postgres\"";

    fn workspace() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    pub(crate) fn runner() -> PathBuf {
        workspace().join(RUNNER)
    }

    /// The test programs that are compiled otherwise with the feature, as `CRATE NAME`.
    pub(crate) fn test_programs() -> Vec<String> {
        let mut found = Vec::new();
        for krate in entries(&workspace().join("crates")) {
            let is_program = |path: &PathBuf| path.is_file() || path.join("main.rs").is_file();
            let programs = entries(&krate.join("tests")).into_iter().filter(is_program);
            let programs = programs.filter(|path| is_for_postgres(path));
            let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
            found.extend(programs.map(|path| format!("{} {}", name(&krate), name(&path))));
        }
        found.retain(|program| !program.ends_with(" left_out"));
        found.sort();
        found
    }

    fn is_for_postgres(path: &Path) -> bool {
        if path.is_dir() {
            return entries(path).iter().any(|path| is_for_postgres(path));
        }
        path.extension().is_some_and(|it| it == "rs") && read_to_string(path).unwrap().contains(MARK)
    }

    /// What is in a folder; nothing, if there is none.
    fn entries(folder: &Path) -> Vec<PathBuf> {
        read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}
