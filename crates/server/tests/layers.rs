//! Who may know whom: reads the manifests and fails when a crate depends on a layer that it must not know.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// What a crate's own code (not its tests) must not depend on.
const FORBIDDEN: [(&str, &[&str]); 9] = [
    (
        "domain",
        &[
            "groupchat",
            "actix",
            "paperclip",
            "utoipa",
            "tokio",
            "async-std",
            "smol",
            "futures",
            "diesel",
            "libsqlite3-sys",
            "rusqlite",
            "sqlx",
            "postgres",
            "bcrypt",
            "sha2",
            "getrandom",
            "rand",
            "ring",
            "reqwest",
            "hyper",
            "serde",
            "tracing",
        ],
    ),
    (
        "infra",
        &[
            "groupchat-api",
            "groupchat-bench",
            "groupchat-power-loss",
            "groupchat-simulation",
            "groupchat-testing",
            "actix",
            "paperclip",
            "utoipa",
        ],
    ),
    (
        "api",
        &[
            "groupchat-infra",
            "groupchat-bench",
            "groupchat-simulation",
            "groupchat-testing",
            "groupchat-power-loss",
            "diesel",
            "libsqlite3-sys",
            "bcrypt",
            "sha2",
        ],
    ),
    (
        "server",
        &[
            "groupchat-bench",
            "groupchat-power-loss",
            "groupchat-simulation",
            "groupchat-testing",
            "diesel",
            "paperclip",
        ],
    ),
    ("sqlite-interrupt", &["groupchat", "diesel", "tokio"]),
    ("bench", &["groupchat-power-loss", "groupchat-simulation", "groupchat-testing"]),
    (
        "simulation",
        &[
            "groupchat-api",
            "groupchat-bench",
            "groupchat-infra",
            "actix",
            "diesel",
            "libsqlite3-sys",
            "tokio",
        ],
    ),
    ("testing", &["groupchat"]),
    ("power-loss", &["groupchat-domain", "groupchat-infra", "groupchat-api", "diesel", "tokio"]),
];

/// What not even the tests of the domain may use.
const FORBIDDEN_IN_DOMAIN_TESTS: &[&str] = &["groupchat", "actix", "tokio", "diesel"];

fn manifest(name: &str) -> Table {
    let path = crates().join(name).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap()
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The names in a table of dependencies; those for one platform only count too.
fn dependencies(manifest: &Table, table: &str) -> Vec<String> {
    let names = |scope: &Table| match scope.get(table) {
        Some(Value::Table(entries)) => entries.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let mut found = names(manifest);
    if let Some(Value::Table(targets)) = manifest.get("target") {
        found.extend(targets.values().filter_map(Value::as_table).flat_map(names));
    }
    found
}

fn offenders(found: &[String], forbidden: &[&str]) -> Vec<String> {
    let known = |name: &&String| {
        forbidden.iter().any(|prefix| *name == prefix || name.starts_with(&format!("{prefix}-")))
    };
    found.iter().filter(known).cloned().collect()
}

#[test]
fn no_crate_depends_on_a_layer_that_it_must_not_know() {
    for (name, forbidden) in FORBIDDEN {
        let manifest = manifest(name);
        let mut found = dependencies(&manifest, "dependencies");
        found.extend(dependencies(&manifest, "build-dependencies"));
        assert_eq!(offenders(&found, forbidden), Vec::<String>::new(), "crates/{name}/Cargo.toml");
    }
}

#[test]
fn the_domain_is_tested_without_what_it_must_not_know() {
    let found = dependencies(&manifest("domain"), "dev-dependencies");
    assert_eq!(offenders(&found, FORBIDDEN_IN_DOMAIN_TESTS), Vec::<String>::new());
}

#[test]
fn every_crate_is_looked_at() {
    let looked_at: Vec<_> = FORBIDDEN.iter().map(|(name, _)| *name).collect();
    for entry in std::fs::read_dir(crates()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(looked_at.contains(&name.as_str()), "crates/{name} has no row in this test");
    }
}

#[test]
fn the_check_finds_what_it_looks_for() {
    let manifest: Table =
        "[dependencies]\nactix-web = \"4\"\n[target.'cfg(unix)'.dependencies]\ndiesel = \"2\""
            .parse()
            .unwrap();
    let found = dependencies(&manifest, "dependencies");
    assert_eq!(offenders(&found, &["actix", "diesel", "tokio"]).len(), 2);
}
