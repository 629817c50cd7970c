//! Finds the name that was probably meant.

use strsim::damerau_levenshtein;

/// The name that is most like `name`, if one is: with a slip or two, or without its section. `prefix` is what all names
/// begin with; it says nothing of how like they are.
pub(super) fn find<'a>(name: &str, prefix: &str, known: &'a [String]) -> Option<&'a str> {
    let bare = |name: &str| name.strip_prefix(prefix).unwrap_or(name).replace('_', ".").to_lowercase();
    let name = bare(name);
    let slips = (name.len() / 3).max(1);
    let nearest = known
        .iter()
        .map(|known| (damerau_levenshtein(&name, &bare(known)), known))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance);
    let without_section = || {
        let ending = format!(".{name}");
        known.iter().find(|known| bare(known).ends_with(&ending))
    };
    nearest.map(|(_, known)| known).or_else(without_section).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_something_else_is_not() {
        let known = ["data_dir", "workers", "log.format", "events.heartbeat"].map(str::to_owned);
        for (name, meant) in [
            ("wrokers", Some("workers")),
            ("worker", Some("workers")),
            ("data-dir", Some("data_dir")),
            ("DataDir", Some("data_dir")),
            ("log_format", Some("log.format")),
            ("heartbeat", Some("events.heartbeat")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(find(name, "", &known), meant, "{name}");
        }
    }

    #[test]
    fn what_all_names_begin_with_makes_none_similar() {
        let known = ["GROUPCHAT_LISTEN", "GROUPCHAT_WORKERS"].map(str::to_owned);
        assert_eq!(find("GROUPCHAT_LISTEM", "GROUPCHAT_", &known), Some("GROUPCHAT_LISTEN"));
        assert_eq!(find("GROUPCHAT_LOGG", "GROUPCHAT_", &known), None);
    }
}
