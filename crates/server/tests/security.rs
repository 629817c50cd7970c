//! docs/SECURITY.md: its table has every requirement of OWASP ASVS 5.0 for the levels 1 and 2, and the tests, scripts and
//! sections that it names exist.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// The requirements of OWASP ASVS 5.0.0: a section, its requirements of level 1, and those of level 2.
const REQUIREMENTS: &[(&str, &[u32], &[u32])] = &[
    ("1.1", &[], &[1, 2]),
    ("1.2", &[1, 2, 3, 4, 5], &[6, 7, 8, 9]),
    ("1.3", &[1, 2], &[3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ("1.4", &[], &[1, 2, 3]),
    ("1.5", &[1], &[2]),
    ("2.1", &[1], &[2, 3]),
    ("2.2", &[1, 2], &[3]),
    ("2.3", &[1], &[2, 3, 4]),
    ("2.4", &[], &[1]),
    ("3.2", &[1, 2], &[]),
    ("3.3", &[1], &[2, 3, 4]),
    ("3.4", &[1, 2], &[3, 4, 5, 6]),
    ("3.5", &[1, 2, 3], &[4, 5]),
    ("3.7", &[], &[1, 2]),
    ("4.1", &[1], &[2, 3]),
    ("4.2", &[], &[1]),
    ("4.3", &[], &[1, 2]),
    ("4.4", &[1], &[2, 3, 4]),
    ("5.1", &[], &[1]),
    ("5.2", &[1, 2], &[3]),
    ("5.3", &[1, 2], &[]),
    ("5.4", &[], &[1, 2, 3]),
    ("6.1", &[1], &[2, 3]),
    ("6.2", &[1, 2, 3, 4, 5, 6, 7, 8], &[9, 10, 11, 12]),
    ("6.3", &[1, 2], &[3, 4]),
    ("6.4", &[1, 2], &[3, 4]),
    ("6.5", &[], &[1, 2, 3, 4, 5]),
    ("6.6", &[], &[1, 2, 3]),
    ("6.8", &[], &[1, 2, 3, 4]),
    ("7.1", &[], &[1, 2, 3]),
    ("7.2", &[1, 2, 3, 4], &[]),
    ("7.3", &[], &[1, 2]),
    ("7.4", &[1, 2], &[3, 4, 5]),
    ("7.5", &[], &[1, 2]),
    ("7.6", &[], &[1, 2]),
    ("8.1", &[1], &[2]),
    ("8.2", &[1, 2], &[3]),
    ("8.3", &[1], &[]),
    ("8.4", &[], &[1]),
    ("9.1", &[1, 2, 3], &[]),
    ("9.2", &[1], &[2, 3, 4]),
    ("10.1", &[], &[1, 2]),
    ("10.2", &[], &[1, 2]),
    ("10.3", &[], &[1, 2, 3, 4]),
    ("10.4", &[1, 2, 3, 4, 5], &[6, 7, 8, 9, 10, 11]),
    ("10.5", &[], &[1, 2, 3, 4, 5]),
    ("10.6", &[], &[1, 2]),
    ("10.7", &[], &[1, 2, 3]),
    ("11.1", &[], &[1, 2]),
    ("11.2", &[], &[1, 2, 3]),
    ("11.3", &[1, 2], &[3]),
    ("11.4", &[1], &[2, 3, 4]),
    ("11.5", &[], &[1]),
    ("11.6", &[], &[1]),
    ("12.1", &[1], &[2, 3]),
    ("12.2", &[1, 2], &[]),
    ("12.3", &[], &[1, 2, 3, 4]),
    ("13.1", &[], &[1]),
    ("13.2", &[], &[1, 2, 3, 4, 5]),
    ("13.3", &[], &[1, 2]),
    ("13.4", &[1], &[2, 3, 4, 5]),
    ("14.1", &[], &[1, 2]),
    ("14.2", &[1], &[2, 3, 4]),
    ("14.3", &[1], &[2, 3]),
    ("15.1", &[1], &[2, 3]),
    ("15.2", &[1], &[2, 3]),
    ("15.3", &[1], &[2, 3, 4, 5, 6, 7]),
    ("16.1", &[], &[1]),
    ("16.2", &[], &[1, 2, 3, 4, 5]),
    ("16.3", &[], &[1, 2, 3, 4]),
    ("16.4", &[], &[1, 2, 3]),
    ("16.5", &[], &[1, 2, 3]),
    ("17.1", &[], &[1]),
    ("17.2", &[], &[1, 2, 3, 4]),
    ("17.3", &[], &[1, 2]),
];

const VERDICTS: [&str; 3] = ["met", "not met", "not applicable"];

/// A row of the table.
struct Row<'a> {
    number: &'a str,
    level: &'a str,
    verdict: &'a str,
    /// Where it is tested, or why not.
    reason: &'a str,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document(name: &str) -> Option<String> {
    read_to_string(repository().join("docs").join(name)).ok()
}

fn security() -> String {
    document("SECURITY.md").expect("docs/SECURITY.md")
}

/// The rows whose first cell is a number.
fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    text.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let &[number, level, _, verdict, reason] = cells.as_slice() else { return None };
        let is_number = number.starts_with(|first: char| first.is_ascii_digit());
        is_number.then_some(Row { number, level, verdict, reason })
    })
}

/// What stands between these two, again and again.
fn between<'a>(text: &'a str, begin: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(begin).skip(1).filter_map(move |rest| rest.split(end).next())
}

/// What is set as code.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The links that stay in the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    between(text, "](", ')').filter(|target| !target.starts_with("https://"))
}

/// Whether it should name a test.
fn is_test_name(code: &str) -> bool {
    code.contains(".rs") || code.contains("::")
}

fn is_script(code: &str) -> bool {
    code.starts_with(".ci/")
}

/// The numbers of all requirements with their levels, as rows have them.
fn required() -> BTreeSet<(String, &'static str)> {
    let of_level = |section: &str, numbers: &[u32], level| -> Vec<_> {
        numbers.iter().map(|number| (format!("{section}.{number}"), level)).collect()
    };
    let all = REQUIREMENTS
        .iter()
        .flat_map(|(section, first, second)| [of_level(section, first, "1"), of_level(section, second, "2")]);
    all.flatten().collect()
}

/// What is wrong with the rows themselves.
fn faults_of_rows(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut missing = required();
    for Row { number, level, verdict, reason } in rows(text) {
        let listed = missing.iter().find(|(of, at)| of == number && *at == level).cloned();
        if !listed.is_some_and(|listed| missing.remove(&listed)) {
            faults.push(format!("{number} of level {level} is no requirement, or is there twice"));
        }
        let rests_on_something =
            codes(reason).any(|code| is_test_name(code) || is_script(code)) || links(reason).next().is_some();
        match verdict {
            "met" if rests_on_something => {}
            "met" => faults.push(format!("{number} is met, but no test, script or section is named")),
            "not met" | "not applicable" if reason.len() >= 10 => {}
            "not met" | "not applicable" => faults.push(format!("{number} is {verdict} without a reason")),
            _ => faults.push(format!("{number}: {verdict:?} is no verdict")),
        }
    }
    faults.extend(missing.into_iter().map(|(number, _)| format!("{number} is missing")));
    faults
}

/// Whether a text has a test of this name: a function with an attribute, or one in the list of cases for each database.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let function = format!("fn {name}(");
    let Some(place) = lines.iter().position(|line| line.contains(&function)) else { return false };
    let is_above = |line: &&&str| line.starts_with("#[") || line.starts_with("//");
    let mut above = lines[..place].iter().rev().take_while(is_above);
    above.any(|line| line.starts_with("#[") && line.contains("test")) || lines.contains(&name)
}

fn test_exists(code: &str) -> bool {
    let Some((file, name)) = code.split_once("::") else { return false };
    let text = read_to_string(repository().join("crates").join(file));
    text.is_ok_and(|text| has_test(&text, name))
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn section_exists(target: &str) -> bool {
    let (name, section) = target.split_once('#').unwrap_or((target, ""));
    let Some(text) = document(if name.is_empty() { "SECURITY.md" } else { name }) else { return false };
    let mut headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
    section.is_empty() || headings.any(|heading| anchor(heading) == section)
}

/// What is named and isn't there.
fn names_of_nothing(text: &str) -> Vec<&str> {
    let named = rows(text).flat_map(|row| codes(row.reason));
    let lost = named.filter(|code| {
        is_test_name(code) && !test_exists(code) || is_script(code) && !repository().join(code).is_file()
    });
    lost.chain(links(text).filter(|target| !section_exists(target))).collect()
}

/// How often each verdict is given.
fn sums(text: &str) -> [usize; 3] {
    VERDICTS.map(|verdict| rows(text).filter(|row| row.verdict == verdict).count())
}

#[test]
fn every_requirement_has_a_verdict_and_what_it_rests_on() {
    assert_eq!(required().len(), 253, "70 of level 1 and 183 of level 2");
    assert_eq!(faults_of_rows(&security()), Vec::<String>::new());
}

#[test]
fn what_the_table_names_exists() {
    let text = security();
    assert_eq!(names_of_nothing(&text), Vec::<&str>::new());
    let tests = rows(&text).flat_map(|row| codes(row.reason)).filter(|code| is_test_name(code)).count();
    assert!(tests > 100, "{tests} tests are named");
}

#[test]
fn the_sums_are_those_of_the_table() {
    let text = security();
    let [met, not_met, not_applicable] = sums(&text);
    let sentence = format!("{met} met, {not_met} not met, {not_applicable} not applicable");
    assert!(text.replace('\n', " ").contains(&sentence), "docs/SECURITY.md should say: {sentence}");
}

#[test]
fn the_check_finds_what_it_looks_for() {
    let whole = security();
    let first = whole.lines().find(|line| line.starts_with("| 1.1.1 | 2 |")).unwrap();
    let with = |row: &str| faults_of_rows(&whole.replace(first, row));
    assert_eq!(with("").len(), 1, "missing");
    assert_eq!(with(&format!("{first}\n{first}")).len(), 1, "twice");
    assert_eq!(with("| 1.1.1 | 1 | a | met | `.ci/run` |").len(), 2, "of another level, so missing");
    assert_eq!(with("| 1.1.1 | 2 | a | partly | `.ci/run` |").len(), 1, "no verdict");
    assert_eq!(with("| 1.1.1 | 2 | a | met | Believe us: `yes`. |").len(), 1, "nothing is named");
    assert_eq!(with("| 1.1.1 | 2 | a | not met | No. |").len(), 1, "no reason");

    let own = "server/tests/security.rs";
    for name in [
        ".ci/nothing",
        "server/tests/nothing.rs::nothing",
        "server/tests/security.rs::nothing",
        "server/tests/security.rs::rows",
        "server/tests/security.rs:the_check_finds_what_it_looks_for",
    ] {
        let row = format!("| 1.1.1 | 2 | a | met | `{name}` |");
        assert_eq!(names_of_nothing(&row), [name]);
    }
    for link in ["NOTHING.md", "API.md#nothing", "#nothing", "adr/0000-nothing.md"] {
        assert_eq!(names_of_nothing(&format!("[a]({link})")), [link]);
    }
    let good = format!("| 1.1.1 | 2 | a | met | `{own}::the_check_finds_what_it_looks_for` [b](#threats) |");
    assert_eq!(names_of_nothing(&good), Vec::<&str>::new());
    assert_eq!(sums(&good), [1, 0, 0]);
}
