use groupchat_domain::ids::GroupId;

use super::*;
use crate::config::rule::{TomlType, ValueShape};
use crate::config::{self, Config};
use crate::database_url::MASK;

fn sources(file: Option<&Path>, variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Sources {
    Sources {
        file: file.map(Path::to_owned),
        variables: variables.iter().map(|(name, text)| (name.into(), text.into())).collect(),
        flags: flags.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(),
    }
}

/// A folder with a configuration file in it.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn complaint(sources: &Sources) -> String {
    Config::load(sources).unwrap_err().to_string()
}

fn value<'a>(layers: &'a Layers, name: &str) -> &'a SettingValue {
    layers.values.iter().find(|value| value.setting.name == name).unwrap()
}

#[test]
fn later_layers_win_and_each_value_knows_its_origin() {
    let text = "workers = 1\npublic_url = \"http://a\"\n[log]\nformat = \"json\"\n[login]\nlifetime = 1\n";
    let (_folder, path) = file(text);
    let variables = [("GROUPCHAT_LOG_FORMAT", "text"), ("GROUPCHAT_WORKERS", "2"), ("HOME", "/")];
    let layers = config::gather(&sources(Some(&path), &variables, &[("workers", "3")]));
    for (name, shown, origin) in [
        ("workers", "3", SettingSource::Flag("workers".to_owned())),
        ("log.format", "text", SettingSource::Variable("GROUPCHAT_LOG_FORMAT".to_owned())),
        ("public_url", "http://a", SettingSource::File(path.clone())),
        ("login.lifetime", "1", SettingSource::File(path.clone())),
        ("data_dir", "data", SettingSource::Default),
    ] {
        let value = value(&layers, name);
        assert_eq!((&*value.shown(), &value.origin), (shown, &origin), "{name}");
    }
    assert_eq!(Config::read(&layers).unwrap().workers, 3);
}

#[test]
fn the_variable_names_the_file_unless_the_flag_does() {
    let (_folder, path) = file("workers = 1");
    let variables = [("GROUPCHAT_CONFIG", path.to_str().unwrap())];
    assert_eq!(Config::load(&sources(None, &variables, &[])).unwrap().workers, 1);
    let (_folder, other) = file("workers = 2");
    assert_eq!(Config::load(&sources(Some(&other), &variables, &[])).unwrap().workers, 2);
}

#[test]
fn a_file_that_is_named_must_be_there_and_be_toml() {
    let missing = complaint(&sources(Some(Path::new("/nowhere/chat.toml")), &[], &[]));
    assert!(missing.contains("can't read the file /nowhere/chat.toml"), "{missing}");
    let (_folder, path) = file("workers = 1\nlisten = \n");
    let malformed = complaint(&sources(Some(&path), &[], &[]));
    assert!(malformed.contains("is not valid TOML: line 2"), "{malformed}");
}

#[test]
fn what_is_unknown_is_refused_with_its_name_its_origin_and_what_may_have_been_meant() {
    let (_folder, path) = file("wrokers = 1\n[log]\ncolour = \"red\"\n");
    let variables = [("GROUPCHAT_LISTEM", "x"), ("GROUPCHAT_LOGG", "x")];
    let text = complaint(&sources(Some(&path), &variables, &[]));
    let origin = format!("(file {})", path.display());
    for expected in [
        format!("wrokers {origin}: unknown setting; did you mean workers?"),
        format!("log.colour {origin}: unknown setting; known settings are data_dir, database_url, "),
        "GROUPCHAT_LISTEM (variable GROUPCHAT_LISTEM): unknown setting; did you mean GROUPCHAT_LISTEN?"
            .to_owned(),
        "GROUPCHAT_LOGG (variable GROUPCHAT_LOGG): unknown setting; known settings are GROUPCHAT_DATA_DIR, "
            .to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected} is not in: {text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let (_folder, path) = file("wrokers = 1\nworkers = 999\n");
    let variables = [("GROUPCHAT_LOG_FORMAT", "xml"), ("GROUPCHAT_NOPE", "")];
    let text = complaint(&sources(Some(&path), &variables, &[("listen", "nowhere"), ("port", "http")]));
    for expected in [
        "wrokers (",
        "workers = \"999\"",
        "log.format = \"xml\"",
        "GROUPCHAT_NOPE (",
        "listen = \"nowhere\"",
        "port = \"http\"",
    ] {
        assert!(text.contains(expected), "{expected} is not in: {text}");
    }
    let (_folder, path) = file("workers = 1\nlisten = \n");
    let text = complaint(&sources(Some(&path), &[("GROUPCHAT_LOG_FORMAT", "xml")], &[]));
    assert!(text.contains("is not valid TOML: line 2") && text.contains("log.format = \"xml\""), "{text}");
}

#[test]
fn a_text_without_quotes_is_told_so_but_not_shown() {
    for (text, key) in [
        ("workers = 1\nlisten = 127.0.0.1:5000\n", "listen"),
        ("[log]\nformat = json\n", "format"),
        ("database_url = postgres://ann:hunter2@db/chat", "database_url"),
        ("data_dir = /var/lib/groupchat # here", "data_dir"),
    ] {
        let (_folder, path) = file(text);
        let told = complaint(&sources(Some(&path), &[], &[]));
        assert!(told.contains(&format!("put text in quotes: {key} = \"…\"")), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    for text in ["workers = ", "workers = \"one", "= 1", "[log", "trusted_proxies = [\"a\""] {
        let (_folder, path) = file(text);
        let told = complaint(&sources(Some(&path), &[], &[]));
        assert!(told.contains("is not valid TOML") && !told.contains("in quotes"), "{told}");
    }
}

#[test]
fn the_port_alone_leaves_the_address_as_it_is() {
    let (_folder, path) = file("listen = \"[::1]:80\"");
    for (file, port, expected) in [(None, "8080", "127.0.0.1:8080"), (Some(&*path), "0", "[::1]:0")] {
        let layers = config::gather(&sources(file, &[], &[("port", port)]));
        assert_eq!(Config::read(&layers).unwrap().listen.to_string(), expected);
        assert_eq!(value(&layers, "listen").origin.to_string(), "flag --port");
    }
    for port in ["", "http", "-1", "65536", "127.0.0.1:80"] {
        let told = complaint(&sources(None, &[], &[("port", port)]));
        assert!(
            told.contains(&format!("port = {port:?} (flag --port): must be an integer from 0 to 65535")),
            "{told}"
        );
    }
    let told = complaint(&sources(None, &[], &[("listen", "127.0.0.1:1"), ("port", "2")]));
    assert!(told.contains("--port and --listen can't be used together"), "{told}");
}

#[test]
fn ids_are_written_as_numbers_or_as_strings() {
    for written in ["[7, 8]", r#"["7", "8"]"#, r#"[7, "8"]"#] {
        let (_folder, path) = file(&format!("[groups]\ndefault = {written}\n"));
        let layers = config::gather(&sources(Some(&path), &[], &[]));
        assert_eq!(Config::read(&layers).unwrap().groups_default, [7, 8].map(GroupId::new), "{written}");
    }
    let (_folder, path) = file("[groups]\ndefault = [7.5]\n");
    assert!(complaint(&sources(Some(&path), &[], &[])).contains("groups.default = an array"));
}

#[test]
fn every_wrong_value_is_refused_with_its_origin_and_what_is_allowed() {
    let (_folder, path) = file("workers = \"four\"\ntrusted_proxies = [1]\n[storage]\nreaders = 99\n");
    let flags = [("listen", "nowhere")];
    let text = complaint(&sources(Some(&path), &[("GROUPCHAT_LOG_FORMAT", "xml")], &flags));
    let origin = format!("(file {})", path.display());
    for expected in [
        "listen = \"nowhere\" (flag --listen): must be an address and a port, such as 127.0.0.1:5000",
        "log.format = \"xml\" (variable GROUPCHAT_LOG_FORMAT): must be one of text, json",
        &format!("workers = \"four\", a string {origin}: must be an integer from 0 to 256"),
        &format!("storage.readers = \"99\" {origin}: must be an integer from 0 to 64"),
        &format!("trusted_proxies = an array {origin}: must be addresses"),
    ] {
        assert!(text.contains(expected), "{expected} is not in: {text}");
    }
}

#[test]
fn a_secret_is_shown_nowhere() {
    let shape = ValueShape {
        kind: TomlType::Integer,
        type_name: "integer",
        allowed: "right".to_owned(),
        allowed_here: None,
        unit: None,
        mask: Some(|_| MASK.to_owned()),
    };
    let setting = Setting { name: "mail.password", meaning: "", default: "", shape, is_live: false };
    let mut layers = Layers::defaults(vec![setting]);
    assert_eq!(layers.values[0].shown(), "");
    for (text, origin) in [
        ("mail.password = 12345", "file"),
        // Of the wrong type; that it is a string is told no more than its text.
        ("mail.password = 'hunter2'", "file"),
    ] {
        let (_folder, path) = file(text);
        layers.lay_file(&path);
        let value = &layers.values[0];
        assert_eq!(value.shown(), MASK);
        let told = value.invalid().to_string();
        assert!(told.starts_with(&format!("mail.password = {MASK} ({origin} ")), "{told}");
        assert!(!format!("{told}{}", crate::config::as_text(&layers)).contains("hunter2"), "{told}");
    }
}

#[test]
fn the_password_of_a_database_is_shown_nowhere() {
    for (text, shown) in [
        ("postgres://ann:hunter2@db/chat", "postgres://ann:********@db/chat"),
        ("mysql://ann:hunter2@db/chat", MASK),
        ("postgres://ann:hunt@er2@db/chat", MASK),
    ] {
        let layers = config::gather(&sources(None, &[("GROUPCHAT_DATABASE_URL", text)], &[]));
        let value = value(&layers, "database_url");
        assert_eq!(value.shown(), shown);
        let read = Config::read(&layers);
        let told = format!("{read:?}{}", read.as_ref().map_or_else(ToString::to_string, |_| String::new()));
        let told = told + &crate::config::as_text(&layers) + &crate::config::as_json(&layers);
        assert!(!told.contains("hunt"), "{told}");
    }
}

#[test]
fn a_database_is_refused_where_it_cant_be_used() {
    let told = complaint(&sources(None, &[], &[("database_url", "mysql://ann:hunter2@db/chat")]));
    assert!(told.contains("database_url = ******** (flag --database-url): must be empty"), "{told}");
    let config = Config::load(&sources(None, &[], &[("database_url", "postgres://ann:hunter2@db/chat")]));
    if cfg!(feature = "postgres") {
        assert!(config.unwrap().database_url.is_some());
    } else {
        let told = config.unwrap_err().to_string();
        assert!(told.contains("must be empty: this program was built without PostgreSQL"), "{told}");
        assert!(told.contains("--features postgres"), "{told}");
    }
}
