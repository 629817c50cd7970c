//! The server's keys for secrets: where the configuration says they are, and how secrets are.

mod rotation;

use std::path::PathBuf;
use std::sync::Arc;

use groupchat_domain::factors::{SecretsCondition, check_secrets, keys_in_use};
use groupchat_domain::polls::check_poll_keys;
use groupchat_domain::secrets::SecretKeyId;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};
use groupchat_infra::check::{CheckOutcome, Finding};
use groupchat_infra::secrets::{KeySource, RingSealer, create_key_file};

use crate::config::Config;
use crate::error::ProgramError;
use crate::storage;
use crate::user::{NoListeners, block_on};

pub(crate) use rotation::{SecretsCommand, run};

/// The name of the file in the data folder.
const FILE: &str = "secrets.key";

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// Where the keys come from.
///
/// # Errors
/// Two settings contradict each other.
pub(crate) fn source(config: &Config) -> Result<KeySource, ProgramError> {
    match (&config.secrets_key, &config.secrets_key_file) {
        (Some(_), Some(_)) => Err(ProgramError::TwoKeySources),
        (Some(ring), None) => Ok(KeySource::Fixed(ring.clone())),
        (None, Some(path)) => Ok(KeySource::File(path.clone())),
        (None, None) => Ok(own_file(config).map_or(KeySource::Nowhere, KeySource::File)),
    }
}

/// The file in the data folder; `None` for a server that needs no folder.
fn own_file(config: &Config) -> Option<PathBuf> {
    config.database_url.is_none().then(|| config.data_dir.join(FILE))
}

/// What encrypts secrets. As long as there are none, makes a key where there is no file yet, unless the configuration has
/// a key itself. Warns of keys that are missing.
pub(crate) async fn sealer(storage: &dyn Storage, config: &Config) -> Result<Arc<RingSealer>, ProgramError> {
    let source = source(config)?;
    let used = storage.run(READ, |tx| keys_in_use(tx)).await?;
    if let KeySource::File(path) = &source
        && used.is_empty()
    {
        // Not where secrets need another one: it may come back, and this one would be in its place.
        create_key_file(path)?;
    }
    let sealer = RingSealer::new(source)?;
    warn_of_missing(&sealer, &used);
    Ok(Arc::new(sealer))
}

fn warn_of_missing(sealer: &RingSealer, used: &[SecretKeyId]) {
    let ring = sealer.ring();
    if ring.is_none() {
        tracing::warn!(
            "the server has no key for secrets, so nobody can set up one-time passwords or make anonymous polls: set \
             secrets.key_file"
        );
    }
    for id in used.iter().filter(|id| ring.as_ref().is_none_or(|ring| ring.find(**id).is_none())) {
        tracing::warn!(
            key = format!("{:08x}", id.get()),
            "the server lacks a key, so one-time passwords and anonymous polls that depend on it don't work; recovery codes do"
        );
    }
}

/// How secrets are.
async fn condition(
    storage: &dyn Storage,
    sealer: &Arc<RingSealer>,
) -> Result<SecretsCondition, ProgramError> {
    let (mut found, mut after) = (SecretsCondition::default(), None);
    loop {
        let sealer = sealer.clone();
        let step = move |tx: &mut dyn Tx| check_secrets(tx, &*sealer, after, found);
        (found, after) = storage.run(READ, step).await?;
        if after.is_none() {
            break;
        }
    }
    let mut after = None;
    loop {
        let sealer = sealer.clone();
        let step = move |tx: &mut dyn Tx| check_poll_keys(tx, &*sealer, after, found);
        (found, after) = storage.run(READ, step).await?;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// What `groupchat check` finds about secrets. The database has to be one that needs no migration, because this opens it
/// as a server does.
pub(crate) fn check(config: &Config) -> Result<Finding, ProgramError> {
    let finding = |outcome, detail| Finding { check: "secrets", outcome, detail };
    let sealer = match source(config).and_then(|source| Ok(RingSealer::new(source)?)) {
        Ok(sealer) => Arc::new(sealer),
        Err(error) => return Ok(finding(CheckOutcome::Failed, error.to_string())),
    };
    let storage = storage::open(config, Arc::new(NoListeners))?;
    let SecretsCondition { readable, without_key, damaged } = block_on(condition(&*storage, &sealer))??;
    Ok(if without_key + damaged > 0 {
        let detail = format!(
            "{without_key} encrypted secrets need a key that the server lacks, and {damaged} are damaged; {readable} \
             can be read"
        );
        finding(CheckOutcome::Failed, detail)
    } else if sealer.ring().is_none() {
        let detail = "the server has no key, so nobody can set up one-time passwords: set secrets.key_file";
        finding(CheckOutcome::Warning, detail.to_owned())
    } else {
        finding(CheckOutcome::Passed, format!("all {readable} encrypted secrets can be read"))
    })
}

#[cfg(test)]
mod tests {
    use groupchat_infra::secrets::{KeyRing, SecretKey};

    use super::*;

    #[test]
    fn the_configuration_says_where_keys_are() {
        let mut config = Config::defaults();
        config.data_dir = "folder".into();
        let at = |path: &str| KeySource::File(path.into());
        let shown = |config: &Config| source(config).map(|source| format!("{source:?}"));
        assert_eq!(shown(&config).unwrap(), format!("{:?}", at("folder/secrets.key")));
        config.secrets_key_file = Some("elsewhere".into());
        assert_eq!(shown(&config).unwrap(), format!("{:?}", at("elsewhere")));
        config.secrets_key = KeyRing::new(vec![SecretKey::generate()]);
        assert!(matches!(source(&config), Err(ProgramError::TwoKeySources)));
        config.secrets_key_file = None;
        assert!(matches!(source(&config), Ok(KeySource::Fixed(_))));
    }
}
