//! Second factors.

use diesel::prelude::*;

use super::Salvage;
use crate::rows::passkeys::Row as PasskeyRow;
use crate::rows::recovery_codes::Row as RecoveryCodeRow;
use crate::rows::totp::Row as TotpRow;
use crate::schema::{half_logins, passkeys, recovery_codes, totp, users};

impl Salvage<'_> {
    /// One-time passwords that were confirmed by the end, and passkeys, of users who are there, with the recovery codes that
    /// were left. Those that were removed since the backup come back: nothing proves that they were. No login goes on that was
    /// half done. Who may have had a factor of which nothing is left is suspended: the password alone must not suffice.
    pub(super) fn bring_factors(&mut self) -> QueryResult<()> {
        diesel::delete(half_logins::table).execute(self.target)?;
        let people = users::table.filter(users::deleted_at.is_null()).select(users::id).order(users::id);
        let people: Vec<i64> = people.load(self.target)?;
        for user in people {
            let (found, keys) = (self.source.totp(user), self.source.passkeys(user));
            let is_readable = found.is_ok() && keys.is_ok();
            self.report.damaged += u64::from(!is_readable);
            let found = found.unwrap_or_default().filter(|row| row.confirmed_at.is_some());
            let keys = keys.unwrap_or_default();
            if found.is_some() || !keys.is_empty() {
                // As they are by now: a code of the backup may have been used since.
                let codes = self.source.recovery_codes(user).unwrap_or_default();
                self.replace_factors(user, found, keys, codes)?;
            }
            let may_have_had = self.audited.has_factor(user) || !is_readable && !self.audited.is_whole;
            if may_have_had && !self.has_factor(user)? {
                self.suspend(user)?;
            }
        }
        Ok(())
    }

    fn replace_factors(
        &mut self,
        user: i64,
        found: Option<TotpRow>,
        keys: Vec<PasskeyRow>,
        codes: Vec<RecoveryCodeRow>,
    ) -> QueryResult<()> {
        let theirs = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        diesel::delete(theirs).execute(self.target)?;
        if let Some(found) = found {
            self.attempt(|target| diesel::replace_into(totp::table).values(found).execute(target))?;
        }
        for key in keys {
            self.attempt(|target| diesel::replace_into(passkeys::table).values(key).execute(target))?;
        }
        for code in codes {
            self.attempt(|target| diesel::insert_into(recovery_codes::table).values(code).execute(target))?;
        }
        Ok(())
    }

    /// Whether a login of this user asks for a second factor by now.
    fn has_factor(&mut self, user: i64) -> QueryResult<bool> {
        let confirmed = totp::table.filter(totp::user_id.eq(user)).filter(totp::confirmed_at.is_not_null());
        let keys = passkeys::table.filter(passkeys::user_id.eq(user));
        Ok(confirmed.count().get_result::<i64>(self.target)? > 0
            || keys.count().get_result::<i64>(self.target)? > 0)
    }

    fn suspend(&mut self, user: i64) -> QueryResult<()> {
        // Bots have no password.
        let active = users::table.filter(users::id.eq(user)).filter(users::owner_id.is_null());
        let active = active.filter(users::suspended.eq(false));
        let suspended = diesel::update(active).set(users::suspended.eq(true)).execute(self.target)?;
        self.report.suspended += suspended as u64;
        Ok(())
    }
}
