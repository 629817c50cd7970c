//! The parts of `docs/API.md` that are made from the code.

use std::path::PathBuf;

use groupchat_api::problem::Code;

const BEGIN: &str = "<!-- codes -->\n";
const END: &str = "<!-- end of codes -->\n";

/// Set to anything, the table is written instead of compared.
const UPDATE: &str = "UPDATE_DOCS";

fn table() -> String {
    let row =
        |code: &Code| format!("| `{}` | {} | {} |\n", code.as_str(), code.status().as_u16(), code.title());
    let rows: String = Code::ALL.iter().map(row).collect();
    format!("| code | status | what it says |\n|---|---|---|\n{rows}")
}

#[test]
fn the_table_of_codes_is_that_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/API.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(written, table(), "run the test with {UPDATE}=1 to write the table anew, and review it");
}
