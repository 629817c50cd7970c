//! Which attempts a login takes, and which of them come back.

use super::{Login, Stored};
use crate::accounts::error::AccountRefusal;
use crate::accounts::known_devices;
use crate::accounts::ports::{FailedLogin, PasswordAttempt};
use crate::error::{Error, Refusal};
use crate::storage::{Access, Caller, Mode, Tx};

impl Login<'_> {
    fn take_attempt(&mut self, counted: PasswordAttempt) -> Result<(), Error> {
        let taken = self.ports.attempts.take(&counted);
        let of = taken.map_err(|retry_after| AccountRefusal::TooManyAttempts { retry_after })?;
        self.taken_attempts.push((counted, of));
        Ok(())
    }

    /// Takes the attempt that counts for everybody. Whoever is over the limit may sign in on a device of the account.
    pub(super) async fn take_first_attempt(&mut self) -> Result<(), Error> {
        let (network, account) = (self.network, self.account.clone());
        let Err(over) = self.take_attempt(PasswordAttempt::SignIn { network, account }) else {
            return Ok(());
        };
        match self.shown {
            Some(device) if self.owns_shown_device().await? => {
                self.take_attempt(PasswordAttempt::FromKnownDevice(device))
            }
            _ => Err(over),
        }
    }

    /// Whether the device that was shown is the account's. Whether there is the account makes no difference for others.
    async fn owns_shown_device(&self) -> Result<bool, Error> {
        let (name, shown, known_for) = (self.account.clone(), self.shown, self.ports.devices_known_for);
        let look = move |tx: &mut dyn Tx| match known_devices::owner(tx, shown, known_for)? {
            Some(owner) => Ok(tx.accounts().find_by_username(&name)?.is_some_and(|user| user.id == owner)),
            None => Ok(false),
        };
        let access = Access { mode: Mode::Read, caller: Caller::Network(self.network) };
        self.ports.storage.run(access, look).await
    }

    /// Takes the attempts that count besides the first. A device of the account counts alone, whatever others do in its
    /// network.
    pub(super) fn take_further_attempts(&mut self, stored: &Stored) -> Result<(), Error> {
        match self.shown {
            Some(device) if stored.owns_device => {
                let on_device = PasswordAttempt::FromKnownDevice(device);
                if self.taken_attempts.iter().all(|(taken, _)| *taken != on_device) {
                    self.take_attempt(on_device)?;
                    let (first, of) = self.taken_attempts.remove(0);
                    self.ports.attempts.refund(&first, of);
                }
                Ok(())
            }
            _ if stored.familiarity.to_account => Ok(()),
            _ => {
                let (network, account) = (self.network, self.account.clone());
                self.take_attempt(PasswordAttempt::FromUnknownNetwork { network, account })
            }
        }
    }

    /// Returns the attempts, unless the password was wrong. Records a failure in that case.
    pub(super) fn settle(self, failure: Option<&Error>) {
        match failure {
            Some(Error::Refused(Refusal::Account(AccountRefusal::InvalidCredentials))) => {
                let (address, username) = (self.attempt.client.address, self.username.as_ref());
                self.ports.journal.failed(FailedLogin { address, username });
            }
            // An attempt beyond a limit isn't returned: repeating it must mean a longer wait, and no more lookups.
            Some(Error::Refused(Refusal::Account(AccountRefusal::TooManyAttempts { .. }))) => {}
            Some(_) => {
                self.taken_attempts.iter().for_each(|(counted, of)| self.ports.attempts.refund(counted, *of))
            }
            None => {
                self.taken_attempts.iter().for_each(|(counted, of)| self.ports.attempts.succeed(counted, *of))
            }
        }
    }
}
