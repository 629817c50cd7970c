//! Which settings the server had.

use groupchat_domain::audit::{DifferentSetting, KnownSetting, SettingRepository};
use groupchat_domain::storage::StorageFault;

use crate::model::tx::ModelTx;

impl SettingRepository for ModelTx<'_> {
    fn known(&mut self) -> Result<Vec<KnownSetting>, StorageFault> {
        let all = self.read()?.known_settings.iter();
        Ok(all.map(|(name, digest)| KnownSetting { name: name.clone(), digest: digest.clone() }).collect())
    }

    fn note(&mut self, setting: &DifferentSetting) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let KnownSetting { name, digest } = setting.now.clone();
        let is_as_it_was = tables.known_settings.get(&name) == setting.known.as_ref();
        if is_as_it_was {
            tables.known_settings.put(name, digest);
        }
        Ok(is_as_it_was)
    }
}
