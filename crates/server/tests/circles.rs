//! Which file may import which: fails when files of one crate import each other in a circle.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Crates whose files must not import each other in circles.
const WITHOUT_CIRCLES: [&str; 4] = ["domain", "infra", "api", "bench"];

/// Imports that are left out of the search: crate, file, what it imports, and why.
const KNOWN: [(&str, &str, &str, &str); 1] = [(
    "domain",
    "permissions::set",
    "permissions::group",
    "the table of permissions says which role's set has them",
)];

/// Folders and files that only tests compile.
const TEST_ONLY: [&str; 3] = ["tests", "testing", "fuzzing"];

/// Which files of a crate (by their paths as modules) import which others.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_files_import_each_other_in_a_circle() {
    for name in WITHOUT_CIRCLES {
        let mut files = BTreeMap::new();
        read_files(&crates().join(name).join("src"), &[], &mut files);
        let mut imports = imports(&files);
        for (_, file, imported, _) in KNOWN.iter().filter(|(of, ..)| *of == name) {
            imports.entry((*file).to_owned()).or_default().remove(*imported);
        }
        let found = circles(&imports);
        assert_eq!(found, Vec::<String>::new(), "crates/{name}: move what both need into a file of its own");
    }
}

#[test]
fn circles_are_found() {
    let files = [
        ("a", "use crate::b::{\n    self, c::{C, D},\n};"),
        ("b", ""),
        ("b::c", "// use crate::x;\npub(crate) use super::super::d as e;"),
        ("d", "fn f() -> crate::a::A {}"),
        ("x", "use crate::a::A;\n#[cfg(test)]\nmod tests {\n    use crate::x;\n}"),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    assert_eq!(circles(&imports(&files)), ["a imports b::c", "b::c imports d", "d imports a"]);
}

/// Reads the files of a folder by their paths as modules. The root of a crate is left out: its declarations import
/// nothing.
fn read_files(folder: &Path, module: &[String], files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if TEST_ONLY.contains(&stem.as_str()) {
            continue;
        }
        let is_root = module.is_empty() && ["lib", "main"].contains(&stem.as_str());
        let inner = [module, std::slice::from_ref(&stem)].concat();
        if path.is_dir() {
            read_files(&path, &inner, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_root {
            let name = if stem == "mod" { module } else { &inner };
            files.insert(name.join("::"), std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The imports between the files of a crate, without those of unit tests.
fn imports(files: &BTreeMap<String, String>) -> Imports {
    let of_file = |(name, text): (&String, &String)| {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code.lines().map(|line| line.split("//").next().unwrap());
        let code = lines.collect::<Vec<_>>().join(" ");
        let found = paths(&code).into_iter().filter_map(|path| resolve(name, &path, files));
        (name.clone(), found.filter(|target| target != name).collect())
    };
    files.iter().map(of_file).collect()
}

/// The paths in `use` declarations, and those in code that start with `crate::`.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        if let Some((before, tree)) = statement.rsplit_once("use ")
            && before.chars().last().is_none_or(char::is_whitespace)
        {
            expand("", tree, &mut found);
        }
        for (start, _) in statement.match_indices("crate::") {
            let is_path = |character: char| character.is_alphanumeric() || "_:".contains(character);
            let rest = &statement[start..];
            found.push(rest[..rest.find(|character| !is_path(character)).unwrap_or(rest.len())].to_owned());
        }
    }
    found
}

/// Writes out a tree of imports: `a::{b, c as d}` is `a::b` and `a::c`.
fn expand(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let Some((head, group)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap().trim();
        found.push(format!("{prefix}{name}"));
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let (mut depth, mut part) = (0, String::new());
    for character in group.trim_end().trim_end_matches('}').chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 {
            expand(&prefix, &std::mem::take(&mut part), found);
        } else {
            part.push(character);
        }
    }
    expand(&prefix, &part, found);
}

/// The file that a path in the file `name` leads to, unless that is the root or another crate.
fn resolve(name: &str, path: &str, files: &BTreeMap<String, String>) -> Option<String> {
    let mut module: Vec<_> = name.split("::").collect();
    let mut segments = path.split("::").peekable();
    match *segments.peek()? {
        "crate" => module.clear(),
        "self" | "super" => {}
        _ => return None,
    }
    for segment in segments {
        match segment {
            "crate" | "self" => {}
            "super" => drop(module.pop()),
            segment => module.push(segment),
        }
    }
    let prefixes = (1..=module.len()).rev().map(|length| module[..length].join("::"));
    prefixes.into_iter().find(|prefix| files.contains_key(prefix))
}

/// The imports that are part of a circle: the imported file leads back.
fn circles(imports: &Imports) -> Vec<String> {
    let edges = imports.iter().flat_map(|(file, targets)| targets.iter().map(move |target| (file, target)));
    let closing = edges.filter(|(file, target)| reachable(imports, target).contains(file.as_str()));
    closing.map(|(file, target)| format!("{file} imports {target}")).collect()
}

fn reachable<'i>(imports: &'i Imports, from: &'i str) -> BTreeSet<&'i str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        if found.insert(file) {
            open.extend(imports.get(file).into_iter().flatten().map(String::as_str));
        }
    }
    found
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
