//! What is rejected, in words that help.

use crate::commands::{complaint, printed, run};
use crate::harness::{Database, data};

#[tokio::test]
async fn files_are_backed_up_and_restored_by_the_programs_of_postgresql() {
    let data = data();
    let file = data.path().join("backup.db");
    let file = file.to_str().unwrap();
    for arguments in [["backup", file], ["restore", file]] {
        let words = complaint(&run(&data, &arguments).await);
        for program in ["pg_dump", "pg_restore", "migrate-database"] {
            assert!(words.contains(program), "{words}");
        }
    }
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "the data folder is not used");
}

#[tokio::test]
async fn a_database_of_a_newer_groupchat_is_refused_and_stays_as_it_is() {
    let data = data();
    printed(&run(&data, &["user", "create", "--username", "ada"]).await);
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')";
    Database::open(&data).execute(newer);
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"]] {
        let words = complaint(&run(&data, arguments).await);
        assert!(words.contains("newer groupchat (schema 99999999999999"), "{words}");
    }
    assert_eq!(Database::open(&data).count("SELECT count(*) AS count FROM users"), 1);
}
