//! The groups that new users are put into, as they are configured.

use std::sync::Arc;

use groupchat_domain::accounts::Welcome;
use groupchat_domain::groups::{DefaultGroups, unusable_defaults};
use groupchat_domain::storage::{Access, Caller, Mode, Storage};
use groupchat_infra::groups::journal::LogGroupJournal;

use crate::config::Config;
use crate::error::ProgramError;
use crate::serve::quotas;

/// What comes with a new account.
pub(crate) fn welcome(config: &Config) -> Arc<dyn Welcome> {
    Arc::new(DefaultGroups::new(&config.groups_default, quotas(config), Arc::new(LogGroupJournal)))
}

/// Warns in the log of groups that new users won't be put into.
pub(crate) async fn warn_of_unusable(storage: &dyn Storage, config: &Config) -> Result<(), ProgramError> {
    let (ids, quotas) = (config.groups_default.clone(), quotas(config));
    if ids.is_empty() {
        return Ok(());
    }
    let read = Access { mode: Mode::Read, caller: Caller::System };
    for (group, reason) in storage.run(read, move |tx| unusable_defaults(tx, &ids, &quotas)).await? {
        tracing::warn!(setting = "groups.default", %group, %reason, "new users won't be put into this group");
    }
    Ok(())
}
