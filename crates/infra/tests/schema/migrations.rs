//! Both databases have the same migrations. Looks at their files alone, so that it needs no PostgreSQL server.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// The files of one database's migrations, as paths in its folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for migration in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let migration = migration.unwrap();
        // A folder without any file is a migration that is yet to be written.
        found.insert(Path::new(&migration.file_name()).join("up.sql"));
        for file in fs::read_dir(migration.path()).unwrap() {
            found.insert(Path::new(&migration.file_name()).join(file.unwrap().file_name()));
        }
    }
    found
}

/// What either database lacks of all files under `migrations`.
fn missing(migrations: &Path) -> Vec<String> {
    let all: BTreeSet<_> = DATABASES.iter().flat_map(|name| files(&migrations.join(name))).collect();
    let paths = DATABASES.iter().flat_map(|name| all.iter().map(move |file| Path::new(name).join(file)));
    let missing = paths.filter(|path| !migrations.join(path).is_file());
    missing.map(|path| Path::new("migrations").join(path).display().to_string()).collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let missing = missing(&migrations);
    assert!(missing.is_empty(), "each migration is for both databases; missing: {}", missing.join(", "));
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let add = |path: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    };
    for path in ["sqlite/01_core/up.sql", "postgres/01_core/up.sql", "sqlite/02_pins/up.sql"] {
        add(path);
    }
    assert_eq!(missing(folder.path()), ["migrations/postgres/02_pins/up.sql"]);
    add("postgres/02_pin/up.sql");
    assert_eq!(
        missing(folder.path()),
        ["migrations/sqlite/02_pin/up.sql", "migrations/postgres/02_pins/up.sql"]
    );
    fs::create_dir(folder.path().join("sqlite/02_pin")).unwrap();
    add("postgres/02_pins/up.sql");
    assert_eq!(missing(folder.path()), ["migrations/sqlite/02_pin/up.sql"]);
}

#[test]
fn no_two_migrations_have_the_same_number() {
    let sqlite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
    let names: Vec<_> = files(&sqlite).iter().map(|file| file.display().to_string()).collect();
    let number = |name: &String| name.split('_').next().map(str::to_owned);
    for pair in names.windows(2) {
        assert!(number(&pair[0]) < number(&pair[1]), "give {} another number than {}", pair[1], pair[0]);
    }
}
