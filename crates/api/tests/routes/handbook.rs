//! The pages of `docs/` and their parts that are made from the code or from a run of it.

use std::path::PathBuf;

use groupchat_api::problem::Code;
use groupchat_domain::permissions::{BuiltInRole, GroupPermission, ServerPermission};

/// Set to anything, pages are written instead of compared.
const UPDATE: &str = "UPDATE_DOCS";

/// Checks that a page is as it is made, or writes it.
#[track_caller]
pub(crate) fn assert_reviewed(page: &str, made: &str) {
    let path = path(page);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, made).expect("the page can be written");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let lacking = made.lines().find(|line| !written.lines().any(|known| known == *line));
    let lacking = lacking.map_or_else(String::new, |line| format!(" lacks: {}", line.trim()));
    assert!(
        written == made,
        "docs/{page}{lacking}\nis out of date; run `{UPDATE}=1 cargo test`, and review the difference"
    );
}

/// A page with this between `<!-- NAME -->` and `<!-- end of NAME -->`.
#[track_caller]
pub(crate) fn with_part(page: &str, name: &str, made: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("the page lacks: {begin}{end}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no end of {name}"));
    format!("{before}{begin}{made}{end}{after}")
}

/// A page as it is now.
pub(crate) fn page(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect("there is such a page")
}

fn path(page: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page)
}

fn table() -> String {
    let row =
        |code: &Code| format!("| `{}` | {} | {} |\n", code.as_str(), code.status().as_u16(), code.title());
    let rows: String = Code::ALL.iter().map(row).collect();
    format!("| code | status | what it says |\n|---|---|---|\n{rows}")
}

/// What each built-in role may do unless a group says otherwise, the lowest rank first.
fn permissions() -> String {
    let mark = |has: bool| if has { "✓" } else { "" };
    let row = |permission: &GroupPermission| {
        let roles = BuiltInRole::ALL.map(|role| match permission.is_default_of(role, false) {
            true if !permission.is_default_of(role, true) => "✓ ¹",
            has => mark(has),
        });
        let summary = permission.summary().trim_end_matches('.');
        let cells = [roles.as_slice(), &[mark(permission.is_managed())]].concat().join(" | ");
        format!("| `{}` | {summary} | {cells} |\n", permission.as_str())
    };
    let names = BuiltInRole::ALL.map(|role| format!("`{}`", role.as_str())).join(" | ");
    let rows: String = GroupPermission::ALL.iter().map(row).collect();
    format!("| permission | allows to | {names} | server admin |\n|---|---|---|---|---|---|---|\n{rows}")
}

// One test, since all are on one page.
/// What every user may do on the server unless it says otherwise. Admins may do everything.
fn server_permissions() -> String {
    let row = |permission: &ServerPermission| {
        let member = if permission.is_everybodys() { "✓" } else { "" };
        let summary = permission.summary().trim_end_matches('.');
        format!("| `{}` | {summary} | {member} | ✓ |\n", permission.as_str())
    };
    let rows: String = ServerPermission::ALL.iter().map(row).collect();
    format!("| permission | allows to | `member` | `admin` |\n|---|---|---|---|\n{rows}")
}

#[test]
fn the_tables_of_codes_and_permissions_are_those_of_the_code() {
    let made = with_part(&page("API.md"), "codes", &table());
    let made = with_part(&made, "permissions", &permissions());
    assert_reviewed("API.md", &with_part(&made, "server permissions", &server_permissions()));
}
