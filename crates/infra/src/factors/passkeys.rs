//! Passkeys.

use diesel::prelude::*;
use groupchat_domain::factors::{
    CredentialId, CredentialRecord, MAX_PASSKEYS, NewPasskey, Passkey, PasskeyName, PasskeyRepository,
    StoredPasskey, UsedSteps,
};
use groupchat_domain::ids::{PasskeyId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::rows;
use crate::schema::passkeys;
use crate::tx::DbTx;

/// Nobody has more.
const MOST: i64 = MAX_PASSKEYS as i64;

fn passkey_of(row: (i64, String, i64, Option<i64>)) -> Passkey {
    let (id, name, created_at, last_used_at) = row;
    Passkey {
        id: PasskeyId::new(id),
        name: PasskeyName::from_stored(name),
        created_at: Timestamp::from_micros(created_at),
        last_used_at: last_used_at.map(Timestamp::from_micros),
    }
}

fn stored_of(row: rows::passkeys::Row) -> StoredPasskey {
    StoredPasskey {
        id: PasskeyId::new(row.id),
        user: UserId::new(row.user_id),
        record: CredentialRecord::from_stored(row.record),
        used: UsedSteps::from_stored(&row.used),
    }
}

impl PasskeyRepository for DbTx<'_> {
    fn list(&mut self, user: UserId) -> Result<Vec<Passkey>, StorageFault> {
        let theirs = passkeys::table
            .filter(passkeys::user_id.eq(user.get()))
            .order(passkeys::id)
            .limit(MOST)
            .select((passkeys::id, passkeys::name, passkeys::created_at, passkeys::last_used_at));
        let rows: Vec<_> = on_backend!(self, |connection| theirs.load(connection))?;
        Ok(rows.into_iter().map(passkey_of).collect())
    }

    fn credentials(&mut self, user: UserId) -> Result<Vec<CredentialId>, StorageFault> {
        let theirs = passkeys::table
            .filter(passkeys::user_id.eq(user.get()))
            .order(passkeys::id)
            .limit(MOST)
            .select(passkeys::credential_id);
        let rows: Vec<Vec<u8>> = on_backend!(self, |connection| theirs.load(connection))?;
        Ok(rows.into_iter().filter_map(CredentialId::new).collect())
    }

    fn find(&mut self, credential: &CredentialId) -> Result<Option<StoredPasskey>, StorageFault> {
        let found = passkeys::table.filter(passkeys::credential_id.eq(credential.as_bytes()));
        let row = on_backend!(self, |connection| found.first::<rows::passkeys::Row>(connection).optional())?;
        Ok(row.map(stored_of))
    }

    fn stored(&mut self, id: PasskeyId) -> Result<Option<StoredPasskey>, StorageFault> {
        let found = passkeys::table.find(id.get());
        let row = on_backend!(self, |connection| found.first::<rows::passkeys::Row>(connection).optional())?;
        Ok(row.map(stored_of))
    }

    fn insert(&mut self, passkey: &NewPasskey) -> Result<Option<PasskeyId>, StorageFault> {
        let row = diesel::insert_into(passkeys::table)
            .values((
                passkeys::user_id.eq(passkey.user.get()),
                passkeys::credential_id.eq(passkey.credential.as_bytes()),
                passkeys::record.eq(passkey.record.as_str()),
                passkeys::name.eq(passkey.name.as_str()),
                passkeys::host.eq(passkey.host.as_str()),
                passkeys::used.eq(&[][..]),
                passkeys::created_at.eq(passkey.created_at.as_micros()),
                passkeys::last_used_at.eq(None::<i64>),
            ))
            .on_conflict(passkeys::credential_id)
            .do_nothing()
            .returning(passkeys::id);
        let id = on_backend!(self, |connection| row.get_result(connection).optional())?;
        Ok(id.map(PasskeyId::new))
    }

    fn note_use(
        &mut self,
        id: PasskeyId,
        record: &CredentialRecord,
        used: &UsedSteps,
        at: Timestamp,
    ) -> Result<(), StorageFault> {
        let update = diesel::update(passkeys::table.find(id.get())).set((
            passkeys::record.eq(record.as_str()),
            passkeys::used.eq(used.to_stored()),
            passkeys::last_used_at.eq(at.as_micros()),
        ));
        on_backend!(self, |connection| update.execute(connection)).map(drop)
    }

    fn rename(&mut self, user: UserId, id: PasskeyId, name: &PasskeyName) -> Result<bool, StorageFault> {
        let theirs =
            passkeys::table.filter(passkeys::id.eq(id.get())).filter(passkeys::user_id.eq(user.get()));
        let update = diesel::update(theirs).set(passkeys::name.eq(name.as_str()));
        on_backend!(self, |connection| update.execute(connection)).map(|rows| rows > 0)
    }

    fn other_host(&mut self, host: &str) -> Result<Option<String>, StorageFault> {
        // Each finds its row in the index: "other than" would look at all of them.
        let hosts = passkeys::table.select(passkeys::host.assume_not_null()).limit(1);
        let before = hosts.filter(passkeys::host.lt(host)).order(passkeys::host);
        let found: Option<String> = on_backend!(self, |connection| before.first(connection).optional())?;
        if found.is_some() {
            return Ok(found);
        }
        let after = hosts.filter(passkeys::host.gt(host)).order(passkeys::host);
        on_backend!(self, |connection| after.first(connection).optional())
    }

    fn remove(&mut self, user: UserId, id: PasskeyId) -> Result<bool, StorageFault> {
        let removed =
            passkeys::table.filter(passkeys::id.eq(id.get())).filter(passkeys::user_id.eq(user.get()));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(|rows| rows > 0)
    }
}
