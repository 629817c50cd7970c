//! Second factors.

use diesel::prelude::*;

use super::Salvage;
use crate::schema::{half_logins, recovery_codes, totp, users};

impl Salvage<'_> {
    /// One-time passwords that were confirmed by the end, of users who are there, with the recovery codes that were left. Those
    /// that were disabled since the backup come back: nothing proves that they were. No login goes on that was half done.
    pub(super) fn bring_factors(&mut self) -> QueryResult<()> {
        diesel::delete(half_logins::table).execute(self.target)?;
        let people = users::table.filter(users::deleted_at.is_null()).select(users::id).order(users::id);
        let people: Vec<i64> = people.load(self.target)?;
        for user in people {
            let Some(found) = self.source.totp(user).filter(|row| row.confirmed_at.is_some()) else {
                continue;
            };
            // As they are by now: a code of the backup may have been used since.
            let codes = self.source.recovery_codes(user).unwrap_or_default();
            let theirs = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
            diesel::delete(theirs).execute(self.target)?;
            self.attempt(|target| diesel::replace_into(totp::table).values(found).execute(target))?;
            for code in codes {
                self.attempt(|target| {
                    diesel::insert_into(recovery_codes::table).values(code).execute(target)
                })?;
            }
        }
        Ok(())
    }
}
