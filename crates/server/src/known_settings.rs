//! Which settings were changed since the last start or reload: the audit log names them.

use std::sync::Arc;

use groupchat_domain::Error;
use groupchat_domain::audit::{DifferentSetting, KnownSetting, known_settings, note_settings};
use groupchat_domain::storage::{Access, Caller, Mode, Storage};
use groupchat_infra::audit::{digest, is_digest_of};

use crate::config::Layers;

const fn access(mode: Mode) -> Access {
    Access { mode, caller: Caller::System }
}

/// A setting as it is now.
struct Present {
    name: &'static str,
    value: String,
    default: &'static str,
    is_secret: bool,
}

/// The settings of a server, to be compared with those that the database knows.
pub(crate) struct PresentSettings(Vec<Present>);

impl PresentSettings {
    /// All of them, as a start takes them over.
    pub(crate) fn all(layers: &Layers) -> Self {
        Self::of(layers, |_| true)
    }

    /// Those that a running server takes over.
    pub(crate) fn live(layers: &Layers) -> Self {
        Self::of(layers, |is_live| is_live)
    }

    fn of(layers: &Layers, takes: impl Fn(bool) -> bool) -> Self {
        let taken = layers.values.iter().filter(|value| takes(value.setting.is_live));
        let present = taken.map(|value| Present {
            name: value.setting.name,
            value: value.reveal().to_owned(),
            default: value.setting.default,
            is_secret: value.setting.shape.mask.is_some() && !value.reveal().is_empty(),
        });
        Self(present.collect())
    }

    /// Those that differ from what is known. One that isn't known is compared with its default, since an older program
    /// had no such setting; unless none is known at all.
    fn different(&self, known: &[KnownSetting]) -> Vec<DifferentSetting> {
        let compare = |present: &Present| {
            let before = known.iter().find(|setting| setting.name == present.name);
            let before = before.map(|setting| setting.digest.clone());
            if before.as_ref().is_some_and(|before| is_digest_of(before, &present.value)) {
                return None;
            }
            let is_changed = before.is_some() || !known.is_empty() && present.value != present.default;
            // Without random numbers nothing else works, either.
            let digest = digest(&present.value, present.is_secret).ok()?;
            let now = KnownSetting { name: present.name.to_owned(), digest };
            Some(DifferentSetting { now, known: before, is_changed })
        };
        self.0.iter().filter_map(compare).collect()
    }

    /// Notes them in the database and records which were changed. What can't be noted is told by the next start.
    pub(crate) async fn note(self, storage: Arc<dyn Storage>) {
        if let Err(error) = self.try_note(&*storage).await {
            tracing::warn!(%error, "can't record now which settings were changed");
        }
    }

    async fn try_note(self, storage: &dyn Storage) -> Result<(), Error> {
        let known = storage.run(access(Mode::Read), |tx| known_settings(tx)).await?;
        // Digests of secrets take a while.
        let different = actix_web::rt::task::spawn_blocking(move || self.different(&known)).await;
        let different = different.unwrap_or_default();
        if different.is_empty() {
            return Ok(());
        }
        storage.run(access(Mode::Write), move |tx| note_settings(tx, &different)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(name: &'static str, value: &str, default: &'static str) -> Present {
        Present { name, value: value.to_owned(), default, is_secret: name == "secret" }
    }

    fn settings() -> PresentSettings {
        PresentSettings(vec![
            present("workers", "3", "0"),
            present("listen", "a:1", "a:1"),
            present("secret", "s", ""),
        ])
    }

    fn known(of: &PresentSettings) -> Vec<KnownSetting> {
        of.different(&[]).into_iter().map(|different| different.now).collect()
    }

    /// The names of those that differ, each with whether it was changed.
    fn names(settings: &PresentSettings, known: &[KnownSetting]) -> Vec<(String, bool)> {
        let different = settings.different(known).into_iter();
        different.map(|different| (different.now.name, different.is_changed)).collect()
    }

    fn named<const N: usize>(names: [(&str, bool); N]) -> Vec<(String, bool)> {
        names.map(|(name, is_changed)| (name.to_owned(), is_changed)).to_vec()
    }

    #[test]
    fn the_first_start_has_changed_nothing() {
        let all = named([("workers", false), ("listen", false), ("secret", false)]);
        assert_eq!(names(&settings(), &[]), all);
        assert_eq!(names(&settings(), &known(&settings())), []);
    }

    #[test]
    fn what_has_another_value_was_changed() {
        let known = known(&settings());
        for (nth, name) in [(0, "workers"), (2, "secret")] {
            let mut changed = settings();
            changed.0[nth].value.push('0');
            assert_eq!(names(&changed, &known), named([(name, true)]));
            changed.0[nth].value.clear();
            changed.0[nth].is_secret = false;
            assert_eq!(names(&changed, &known), named([(name, true)]));
        }
    }

    #[test]
    fn a_setting_that_is_new_was_changed_if_it_is_not_as_usual() {
        let known: Vec<_> = known(&settings()).split_off(2);
        assert_eq!(names(&settings(), &known), named([("workers", true), ("listen", false)]));
    }

    #[test]
    fn no_digest_of_a_secret_can_be_computed_again() {
        let secret = |settings: &[KnownSetting]| settings[2].digest.clone();
        assert_ne!(secret(&known(&settings())), secret(&known(&settings())));
    }
}
