//! Which settings the server has: a change of the configuration is recorded, though it is made outside of the database.

use crate::audit::entry::{AuditAction, AuditEntry};
use crate::audit::repository::{DifferentSetting, KnownSetting};
use crate::error::Error;
use crate::storage::Tx;

/// How many settings one entry names: their names fit into what it may say.
const NAMES_PER_ENTRY: usize = 40;

/// The settings of the last start or reload.
///
/// # Errors
/// A fault.
pub fn known_settings(tx: &mut dyn Tx) -> Result<Vec<KnownSetting>, Error> {
    Ok(tx.settings().known()?)
}

/// Notes settings that differ from what is known, and records the names of those that were changed. Leaves out what
/// another server has noted since.
///
/// # Errors
/// A fault.
pub fn note_settings(tx: &mut dyn Tx, settings: &[DifferentSetting]) -> Result<(), Error> {
    let mut changed = Vec::new();
    for setting in settings {
        let is_noted = tx.settings().note(setting)?;
        changed.extend((is_noted && setting.is_changed).then_some(setting.now.name.as_str()));
    }
    for names in changed.chunks(NAMES_PER_ENTRY) {
        tx.record(AuditEntry::by_operator(AuditAction::SettingsChanged).of_fields(names));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MockTx, assert_hands_faults_on};

    fn setting(name: &str, known: Option<&str>, is_changed: bool) -> DifferentSetting {
        let now = KnownSetting { name: name.to_owned(), digest: "new".to_owned() };
        DifferentSetting { now, known: known.map(str::to_owned), is_changed }
    }

    /// A database in which these settings are still as they were.
    fn noting(as_they_were: &'static [&'static str]) -> MockTx {
        let mut tx = MockTx::new();
        let note = tx.settings.expect_note().withf(|setting| setting.now.digest == "new");
        note.returning(move |setting| Ok(as_they_were.contains(&setting.now.name.as_str())));
        tx
    }

    #[test]
    fn changed_settings_are_recorded_by_name() {
        let mut tx = noting(&["a", "b", "new"]);
        let settings = [
            setting("a", Some("old"), true),
            setting("b", None, true),
            setting("new", None, false),
            setting("noted by another server", Some("old"), true),
        ];
        note_settings(&mut tx, &settings).unwrap();
        let entry = AuditEntry::by_operator(AuditAction::SettingsChanged);
        assert_eq!(tx.recorded, [entry.of_fields(&["a", "b"])]);
    }

    #[test]
    fn what_was_only_not_known_is_no_change() {
        let mut tx = noting(&["a"]);
        note_settings(&mut tx, &[setting("a", None, false)]).unwrap();
        assert_eq!(tx.recorded, []);
    }

    #[test]
    fn entries_stay_short() {
        let mut tx = MockTx::new();
        tx.settings.expect_note().returning(|_| Ok(true));
        let name = "x".repeat(45);
        let settings = vec![setting(&name, None, true); NAMES_PER_ENTRY + 1];
        note_settings(&mut tx, &settings).unwrap();
        let lengths: Vec<_> = tx.recorded.iter().map(|entry| entry.detail.as_ref().unwrap().len()).collect();
        assert_eq!(lengths, [46 * NAMES_PER_ENTRY - 1, 45]);
        assert!(lengths.iter().all(|length| *length <= 2_000));
    }

    #[test]
    fn faults_are_handed_on() {
        let knows = || {
            let mut tx = MockTx::new();
            tx.settings.expect_known().times(1).returning(|| Ok(Vec::new()));
            tx
        };
        assert_hands_faults_on(knows, |tx| known_settings(tx).map(drop));
        assert_hands_faults_on(|| noting(&["a"]), |tx| note_settings(tx, &[setting("a", None, true)]));
    }
}
