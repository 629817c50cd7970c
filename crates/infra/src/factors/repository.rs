//! One-time passwords and recovery codes.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::upsert::excluded;
use groupchat_domain::accounts::KeyHash;
use groupchat_domain::factors::{FactorRepository, RECOVERY_CODES, Totp, UsedSteps};
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::{Sealed, SecretKeyId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::rows;
use crate::schema::{passkeys, recovery_codes, totp};
use crate::tx::DbTx;

/// The one-time passwords in a row.
pub(crate) fn totp_of(row: rows::totp::Row) -> Totp {
    Totp {
        user: UserId::new(row.user_id),
        secret: Sealed { key: key_of(row.key_id), bytes: row.secret },
        created_at: Timestamp::from_micros(row.created_at),
        confirmed_at: row.confirmed_at.map(Timestamp::from_micros),
        used: UsedSteps::from_stored(&row.used_steps),
    }
}

/// The schema keeps ids of keys in these bounds.
fn key_of(id: i64) -> SecretKeyId {
    SecretKeyId::new(u32::try_from(id).unwrap_or(u32::MAX))
}

impl FactorRepository for DbTx<'_> {
    fn has_any(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let confirmed = totp::table.find(user.get()).filter(totp::confirmed_at.is_not_null());
        let passkey = passkeys::table.filter(passkeys::user_id.eq(user.get()));
        let has_any = diesel::select(exists(confirmed).or(exists(passkey)));
        on_backend!(self, |connection| has_any.get_result(connection))
    }

    fn totp(&mut self, user: UserId) -> Result<Option<Totp>, StorageFault> {
        let found = totp::table.find(user.get());
        let row = on_backend!(self, |connection| found.first::<rows::totp::Row>(connection).optional())?;
        Ok(row.map(totp_of))
    }

    fn begin_totp(&mut self, user: UserId, secret: &Sealed, at: Timestamp) -> Result<(), StorageFault> {
        let row = diesel::insert_into(totp::table)
            .values((
                totp::user_id.eq(user.get()),
                totp::secret.eq(secret.bytes.as_slice()),
                totp::key_id.eq(i64::from(secret.key.get())),
                totp::created_at.eq(at.as_micros()),
                totp::confirmed_at.eq(None::<i64>),
                totp::used_steps.eq(&[][..]),
            ))
            .on_conflict(totp::user_id)
            .do_update()
            .set((
                totp::secret.eq(excluded(totp::secret)),
                totp::key_id.eq(excluded(totp::key_id)),
                totp::created_at.eq(excluded(totp::created_at)),
                totp::confirmed_at.eq(excluded(totp::confirmed_at)),
                totp::used_steps.eq(excluded(totp::used_steps)),
            ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn update_totp(
        &mut self,
        user: UserId,
        confirmed_at: Option<Timestamp>,
        used: &UsedSteps,
    ) -> Result<(), StorageFault> {
        let update = diesel::update(totp::table.find(user.get())).set((
            totp::confirmed_at.eq(confirmed_at.map(Timestamp::as_micros)),
            totp::used_steps.eq(used.to_stored()),
        ));
        on_backend!(self, |connection| update.execute(connection)).map(drop)
    }

    fn recovery_codes_left(&mut self, user: UserId) -> Result<u32, StorageFault> {
        let left = recovery_codes::table
            .filter(recovery_codes::user_id.eq(user.get()))
            .select(recovery_codes::hash)
            .limit(RECOVERY_CODES as i64);
        let hashes: Vec<Vec<u8>> = on_backend!(self, |connection| left.load(connection))?;
        Ok(u32::try_from(hashes.len()).unwrap_or(u32::MAX))
    }

    fn replace_recovery_codes(&mut self, user: UserId, codes: &[KeyHash]) -> Result<(), StorageFault> {
        self.remove_recovery_codes(user)?;
        let row = |code: &KeyHash| {
            let hash = code.as_bytes().to_vec();
            (recovery_codes::user_id.eq(user.get()), recovery_codes::hash.eq(hash))
        };
        let rows: Vec<_> = codes.iter().map(row).collect();
        let stored = diesel::insert_into(recovery_codes::table).values(&rows);
        on_backend!(self, |connection| stored.execute(connection)).map(drop)
    }

    fn use_recovery_code(&mut self, user: UserId, code: &KeyHash) -> Result<bool, StorageFault> {
        let used = recovery_codes::table.find((user.get(), code.as_bytes().as_slice()));
        on_backend!(self, |connection| diesel::delete(used).execute(connection)).map(|rows| rows > 0)
    }

    fn keys_in_use(&mut self) -> Result<Vec<SecretKeyId>, StorageFault> {
        let used = totp::table.select(totp::key_id).distinct();
        let ids: Vec<i64> = on_backend!(self, |connection| used.load(connection))?;
        Ok(ids.into_iter().map(key_of).collect())
    }

    fn secrets(&mut self, after: Option<UserId>, limit: i64) -> Result<Vec<(UserId, Sealed)>, StorageFault> {
        let stored = totp::table
            .filter(totp::user_id.gt(after.map_or(0, UserId::get)))
            .order(totp::user_id)
            .limit(limit)
            .select((totp::user_id, totp::key_id, totp::secret));
        let rows: Vec<(i64, i64, Vec<u8>)> = on_backend!(self, |connection| stored.load(connection))?;
        let sealed = |(user, key, bytes)| (UserId::new(user), Sealed { key: key_of(key), bytes });
        Ok(rows.into_iter().map(sealed).collect())
    }

    fn reseal(&mut self, user: UserId, old: &Sealed, new: &Sealed) -> Result<bool, StorageFault> {
        let same = totp::table.find(user.get()).filter(totp::secret.eq(old.bytes.as_slice()));
        let update = diesel::update(same)
            .set((totp::secret.eq(new.bytes.as_slice()), totp::key_id.eq(i64::from(new.key.get()))));
        on_backend!(self, |connection| update.execute(connection)).map(|rows| rows > 0)
    }

    fn remove_totp(&mut self, user: UserId) -> Result<(), StorageFault> {
        let removed = totp::table.find(user.get());
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(drop)
    }

    fn remove(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let had_codes = self.remove_recovery_codes(user)?;
        let theirs = passkeys::table.filter(passkeys::user_id.eq(user.get()));
        let keys = on_backend!(self, |connection| diesel::delete(theirs).execute(connection))?;
        let removed = totp::table.find(user.get());
        let rows = on_backend!(self, |connection| diesel::delete(removed).execute(connection))?;
        Ok(had_codes || keys > 0 || rows > 0)
    }
}

impl DbTx<'_> {
    /// Removes the recovery codes of a user, and returns whether there were any.
    fn remove_recovery_codes(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let removed = recovery_codes::table.filter(recovery_codes::user_id.eq(user.get()));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(|rows| rows > 0)
    }
}
