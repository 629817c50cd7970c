//! What the audit log proves about tokens and second factors since the backup.

use std::collections::{BTreeMap, BTreeSet};

use groupchat_domain::audit::{AuditAction, AuditOutcome};

use crate::rows::audit_log::Row;

/// What the entries tell that are newer than the backup, as far as their chain holds.
#[derive(Default)]
pub(super) struct Audited {
    /// Whether there were no others.
    pub(super) is_whole: bool,
    /// The scopes of the tokens that were issued.
    pub(super) tokens: BTreeMap<i64, String>,
    /// The second factors that users have set up and not removed.
    factors: BTreeMap<i64, AuditedFactors>,
}

#[derive(Default)]
struct AuditedFactors {
    totp: bool,
    passkeys: BTreeSet<i64>,
}

impl Audited {
    /// Notes the next entry.
    pub(super) fn add(&mut self, entry: &Row) {
        let is = |action: AuditAction| entry.action == action.as_str();
        let Some(user) = entry.target_id.filter(|_| entry.outcome == AuditOutcome::Ok.as_str()) else {
            return;
        };
        let factors = self.factors.entry(user).or_default();
        match entry.object_id {
            Some(token) if is(AuditAction::TokenCreated) => {
                self.tokens.insert(token, entry.detail.clone().unwrap_or_default());
            }
            Some(passkey) if is(AuditAction::PasskeyRegistered) => {
                factors.passkeys.insert(passkey);
            }
            Some(passkey) if is(AuditAction::PasskeyRemoved) => {
                factors.passkeys.remove(&passkey);
            }
            _ if is(AuditAction::TotpConfirmed) => factors.totp = true,
            _ if is(AuditAction::TotpDisabled) => factors.totp = false,
            _ if is(AuditAction::FactorsReset) => *factors = AuditedFactors::default(),
            _ => {}
        }
    }

    /// Whether a user had a second factor in the end that was set up since the backup.
    pub(super) fn has_factor(&self, user: i64) -> bool {
        self.factors.get(&user).is_some_and(|factors| factors.totp || !factors.passkeys.is_empty())
    }
}
