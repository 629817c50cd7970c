//! Second factors, and logins that lack one.

use std::collections::BTreeSet;

use groupchat_domain::accounts::KeyHash;
use groupchat_domain::factors::{
    FactorRepository, HalfLogin, HalfLoginRepository, MAX_WRONG_CODES, NewHalfLogin, Totp, UsedSteps,
};
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::{Sealed, SecretKeyId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::{Span, Timestamp};

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    /// Whether a user has a factor that is confirmed.
    pub(crate) fn has_factor(&self, user: UserId) -> bool {
        self.totp.get(&user).is_some_and(|totp| totp.confirmed_at.is_some())
            || self.passkeys.iter().any(|(_, (passkey, ..))| passkey.user == user)
    }

    fn recovery_codes_of(&self, user: UserId) -> Vec<(UserId, [u8; 32])> {
        let theirs = self.recovery_codes.iter().filter(|((of, _), ())| *of == user);
        theirs.map(|(key, ())| *key).collect()
    }

    /// Removes the halves of logins of a user.
    pub(crate) fn remove_half_logins(&mut self, user: UserId) {
        let theirs = self.half_logins.iter().filter(|(_, (half, _))| half.user == user);
        let theirs: Vec<_> = theirs.map(|(id, _)| *id).collect();
        self.half_logins.remove_all(theirs);
    }

    fn half_login(&self, ticket: &KeyHash) -> Option<(i64, &(NewHalfLogin, u32))> {
        self.half_logins.iter().find(|(_, (half, _))| half.ticket == *ticket).map(|(id, row)| (*id, row))
    }
}

impl FactorRepository for ModelTx<'_> {
    fn has_any(&mut self, user: UserId) -> Result<bool, StorageFault> {
        Ok(self.read()?.has_factor(user))
    }

    fn totp(&mut self, user: UserId) -> Result<Option<Totp>, StorageFault> {
        Ok(self.read()?.totp.get(&user).cloned())
    }

    fn begin_totp(&mut self, user: UserId, secret: &Sealed, at: Timestamp) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if !tables.users.contains(&user) {
            return Err(self.fail("one-time passwords of nobody"));
        }
        let (secret, used) = (secret.clone(), UsedSteps::default());
        tables.totp.put(user, Totp { user, secret, created_at: at, confirmed_at: None, used });
        Ok(())
    }

    fn update_totp(
        &mut self,
        user: UserId,
        confirmed_at: Option<Timestamp>,
        used: &UsedSteps,
    ) -> Result<(), StorageFault> {
        let tables = self.write()?;
        tables.totp.change(&user, |totp| *totp = Totp { confirmed_at, used: used.clone(), ..totp.clone() });
        Ok(())
    }

    fn recovery_codes_left(&mut self, user: UserId) -> Result<u32, StorageFault> {
        Ok(u32::try_from(self.read()?.recovery_codes_of(user).len()).unwrap_or(u32::MAX))
    }

    fn replace_recovery_codes(&mut self, user: UserId, codes: &[KeyHash]) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let old = tables.recovery_codes_of(user);
        tables.recovery_codes.remove_all(old);
        for code in codes {
            tables.recovery_codes.put((user, *code.as_bytes()), ());
        }
        Ok(())
    }

    fn use_recovery_code(&mut self, user: UserId, code: &KeyHash) -> Result<bool, StorageFault> {
        Ok(self.write()?.recovery_codes.remove(&(user, *code.as_bytes())).is_some())
    }

    fn keys_in_use(&mut self) -> Result<Vec<SecretKeyId>, StorageFault> {
        let used: BTreeSet<_> = self.read()?.totp.iter().map(|(_, totp)| totp.secret.key).collect();
        Ok(used.into_iter().collect())
    }

    fn secrets(&mut self, after: Option<UserId>, limit: i64) -> Result<Vec<(UserId, Sealed)>, StorageFault> {
        let rows = usize::try_from(limit).unwrap_or(0);
        let all = self.read()?.totp.iter().filter(|(user, _)| Some(**user) > after);
        Ok(all.map(|(user, totp)| (*user, totp.secret.clone())).take(rows).collect())
    }

    fn reseal(&mut self, user: UserId, old: &Sealed, new: &Sealed) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_same = tables.totp.get(&user).is_some_and(|totp| totp.secret.bytes == old.bytes);
        if is_same {
            tables.totp.change(&user, |totp| totp.secret = new.clone());
        }
        Ok(is_same)
    }

    fn remove_totp(&mut self, user: UserId) -> Result<(), StorageFault> {
        self.write()?.totp.remove(&user);
        Ok(())
    }

    fn remove(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let passkeys = tables.passkeys.iter().filter(|(_, (passkey, ..))| passkey.user == user);
        let passkeys: Vec<_> = passkeys.map(|(id, _)| *id).collect();
        let had_passkeys = tables.passkeys.remove_all(passkeys) > 0;
        let codes = tables.recovery_codes_of(user);
        let had_codes = tables.recovery_codes.remove_all(codes) > 0;
        Ok(tables.totp.remove(&user).is_some() || had_codes || had_passkeys)
    }
}

impl HalfLoginRepository for ModelTx<'_> {
    fn insert(&mut self, half: &NewHalfLogin) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if tables.half_login(&half.ticket).is_some() {
            return Err(self.fail("a ticket that there is already"));
        }
        let id = tables.half_login_ids.take();
        tables.half_logins.put(id, (half.clone(), 0));
        Ok(())
    }

    fn remove_oldest(&mut self, user: UserId, keep: u32) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let newest_first = tables.half_logins.iter().rev().filter(|(_, (half, _))| half.user == user);
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let surplus: Vec<_> = newest_first.skip(keep).map(|(id, _)| *id).collect();
        tables.half_logins.remove_all(surplus);
        Ok(())
    }

    fn find(&mut self, ticket: &KeyHash, expires: Span) -> Result<Option<HalfLogin>, StorageFault> {
        let found = self.read()?.half_login(ticket).map(|(_, row)| row.clone());
        let good =
            found.filter(|(half, _)| expires.after < half.expires_at && half.expires_at <= expires.until);
        Ok(good.map(|(half, failures)| HalfLogin {
            user: half.user,
            proven: half.proven,
            refresh: half.refresh,
            device_name: half.device_name,
            failures,
        }))
    }

    fn count_failure(&mut self, ticket: &KeyHash) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if let Some((id, (_, failures))) = tables.half_login(ticket) {
            if failures + 1 >= MAX_WRONG_CODES {
                return Err(self.fail("more wrong codes than the schema takes"));
            }
            tables.half_logins.change(&id, |row| row.1 += 1);
        }
        Ok(())
    }

    fn remove(&mut self, ticket: &KeyHash) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let Some((id, _)) = tables.half_login(ticket) else { return Ok(false) };
        tables.half_logins.remove(&id);
        Ok(true)
    }

    fn remove_all(&mut self, user: UserId) -> Result<(), StorageFault> {
        self.write()?.remove_half_logins(user);
        Ok(())
    }

    fn remove_others(&mut self, expires: Span, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let holds = |at: Timestamp| expires.after < at && at <= expires.until;
        let others = tables.half_logins.iter().filter(|(_, (half, _))| !holds(half.expires_at));
        let mut others: Vec<_> = others.map(|(id, (half, _))| (half.expires_at, *id)).collect();
        others.sort_unstable();
        others.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(tables.half_logins.remove_all(others.into_iter().map(|(_, id)| id)))
    }
}
