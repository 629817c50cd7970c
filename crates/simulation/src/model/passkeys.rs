//! Passkeys.

use std::collections::BTreeSet;

use groupchat_domain::factors::{
    CredentialId, CredentialRecord, NewPasskey, Passkey, PasskeyName, PasskeyRepository, StoredPasskey,
    UsedSteps,
};
use groupchat_domain::ids::{PasskeyId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    fn stored_passkey(&self, id: PasskeyId) -> Option<StoredPasskey> {
        let (passkey, used, _) = self.passkeys.get(&id)?;
        Some(StoredPasskey { id, user: passkey.user, record: passkey.record.clone(), used: used.clone() })
    }

    fn passkey_called(&self, credential: &CredentialId) -> Option<PasskeyId> {
        self.passkeys.iter().find(|(_, (passkey, ..))| passkey.credential == *credential).map(|(id, _)| *id)
    }
}

impl PasskeyRepository for ModelTx<'_> {
    fn list(&mut self, user: UserId) -> Result<Vec<Passkey>, StorageFault> {
        let theirs = self.read()?.passkeys.iter().filter(|(_, (passkey, ..))| passkey.user == user);
        let shown = theirs.map(|(id, (passkey, _, last_used_at))| Passkey {
            id: *id,
            name: passkey.name.clone(),
            created_at: passkey.created_at,
            last_used_at: *last_used_at,
        });
        Ok(shown.collect())
    }

    fn credentials(&mut self, user: UserId) -> Result<Vec<CredentialId>, StorageFault> {
        let theirs = self.read()?.passkeys.iter().filter(|(_, (passkey, ..))| passkey.user == user);
        Ok(theirs.map(|(_, (passkey, ..))| passkey.credential.clone()).collect())
    }

    fn find(&mut self, credential: &CredentialId) -> Result<Option<StoredPasskey>, StorageFault> {
        let tables = self.read()?;
        Ok(tables.passkey_called(credential).and_then(|id| tables.stored_passkey(id)))
    }

    fn stored(&mut self, id: PasskeyId) -> Result<Option<StoredPasskey>, StorageFault> {
        Ok(self.read()?.stored_passkey(id))
    }

    fn insert(&mut self, passkey: &NewPasskey) -> Result<Option<PasskeyId>, StorageFault> {
        let tables = self.write()?;
        if tables.passkey_called(&passkey.credential).is_some() {
            return Ok(None);
        }
        let id = PasskeyId::new(tables.passkey_ids.take());
        tables.passkeys.put(id, (passkey.clone(), UsedSteps::default(), None));
        Ok(Some(id))
    }

    fn note_use(
        &mut self,
        id: PasskeyId,
        record: &CredentialRecord,
        used: &UsedSteps,
        at: Timestamp,
    ) -> Result<(), StorageFault> {
        self.write()?.passkeys.change(&id, |(passkey, marks, last_used_at)| {
            passkey.record = record.clone();
            *marks = used.clone();
            *last_used_at = Some(at);
        });
        Ok(())
    }

    fn rename(&mut self, user: UserId, id: PasskeyId, name: &PasskeyName) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_theirs = tables.passkeys.get(&id).is_some_and(|(passkey, ..)| passkey.user == user);
        if is_theirs {
            tables.passkeys.change(&id, |(passkey, ..)| passkey.name = name.clone());
        }
        Ok(is_theirs)
    }

    fn other_host(&mut self, host: &str) -> Result<Option<String>, StorageFault> {
        let all = self.read()?.passkeys.iter().map(|(_, (passkey, ..))| passkey.host.clone());
        let others: BTreeSet<_> = all.filter(|other| other != host).collect();
        let before = others.iter().find(|other| other.as_str() < host);
        Ok(before.or_else(|| others.first()).cloned())
    }

    fn remove(&mut self, user: UserId, id: PasskeyId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_theirs = tables.passkeys.get(&id).is_some_and(|(passkey, ..)| passkey.user == user);
        Ok(is_theirs && tables.passkeys.remove(&id).is_some())
    }
}
