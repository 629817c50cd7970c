//! The groups that new users are put into, as they are configured.

use std::sync::Arc;

use arc_swap::ArcSwap;
use groupchat_domain::Error;
use groupchat_domain::accounts::{User, Welcome};
use groupchat_domain::groups::{DefaultGroups, SkipReason, unusable_defaults};
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};
use groupchat_infra::check::{CheckOutcome, Finding};
use groupchat_infra::groups::journal::LogGroupJournal;

use crate::config::Config;
use crate::configured::quotas;
use crate::error::ProgramError;
use crate::storage;
use crate::user::{NoListeners, block_on};

/// What comes with a new account.
pub(crate) fn welcome(config: &Config) -> DefaultGroups {
    DefaultGroups::new(&config.groups_default, quotas(config), Arc::new(LogGroupJournal))
}

/// The same, as long as it is not replaced.
pub(crate) struct ReplaceableWelcome(ArcSwap<DefaultGroups>);

impl ReplaceableWelcome {
    pub(crate) fn new(config: &Config) -> Self {
        Self(ArcSwap::from_pointee(welcome(config)))
    }

    pub(crate) fn replace(&self, config: &Config) {
        self.0.store(Arc::new(welcome(config)));
    }
}

impl Welcome for ReplaceableWelcome {
    fn prepare(&self, tx: &mut dyn Tx, further: &[GroupId]) -> Result<(), Error> {
        self.0.load().prepare(tx, further)
    }

    fn welcome(&self, tx: &mut dyn Tx, user: &User) -> Result<(), Error> {
        self.0.load().welcome(tx, user)
    }
}

/// The default groups that new users won't be put into, with the reasons.
async fn unusable(
    storage: &dyn Storage,
    config: &Config,
) -> Result<Vec<(GroupId, SkipReason)>, ProgramError> {
    let (ids, quotas) = (config.groups_default.clone(), quotas(config));
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let read = Access { mode: Mode::Read, caller: Caller::System };
    Ok(storage.run(read, move |tx| unusable_defaults(tx, &ids, &quotas)).await?)
}

/// What `groupchat check` finds about the default groups; `None` if there are none. The database has to be one that
/// needs no migration, because this opens it as a server does.
pub(crate) fn check(config: &Config) -> Result<Option<Finding>, ProgramError> {
    if config.groups_default.is_empty() {
        return Ok(None);
    }
    let storage = storage::open(config, Arc::new(NoListeners))?;
    let unusable = block_on(unusable(&*storage, config))??;
    let reasons: Vec<_> = unusable.iter().map(|(group, reason)| format!("group {group}: {reason}")).collect();
    let (outcome, detail) = match reasons.as_slice() {
        [] => (CheckOutcome::Passed, "new users are put into every default group".to_owned()),
        some => (CheckOutcome::Warning, format!("new users won't be put into {}", some.join("; "))),
    };
    Ok(Some(Finding { check: "default_groups", outcome, detail }))
}

/// Warns in the log of groups that new users won't be put into.
pub(crate) async fn warn_of_unusable(storage: &dyn Storage, config: &Config) -> Result<(), ProgramError> {
    for (group, reason) in unusable(storage, config).await? {
        tracing::warn!(setting = "groups.default", %group, %reason, "new users won't be put into this group");
    }
    Ok(())
}
