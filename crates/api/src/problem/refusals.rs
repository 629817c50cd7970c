//! Maps the rejections and faults of the domain to HTTP.

use std::borrow::Cow;
use std::time::Duration;

use groupchat_domain::accounts::{AccountRefusal, HalfWay};
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::messages::MessageRefusal;
use groupchat_domain::saved::SavedRefusal;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::validation::{FieldError, ViolationCode};
use groupchat_domain::{Error, Refusal};

use super::{ApiError, Code, ExceededQuota, Extension, SecondFactorNotice};
use crate::rate_notice::whole_seconds;
use crate::wire::Time;

/// When a caller may try again where the domain doesn't say.
const SOON: Duration = Duration::from_secs(1);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Fault(fault) => fault.into(),
            Error::RateLimited { retry_after } => {
                Self::new(Code::TooManyRequests, TOO_FAST).retry_after(retry_after)
            }
            Error::StorageFull => Self::new(Code::StorageFull, NO_ROOM),
            Error::Busy { retry_after } => Self::new(Code::Overloaded, NOTHING_DONE).retry_after(retry_after),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let code = Code::of_refusal(&refusal);
        match refusal {
            Refusal::Invalid(errors) => Self::invalid(errors),
            Refusal::Account(AccountRefusal::TooManyAttempts { retry_after }) => {
                Self::new(code, "too many attempts, try again later").retry_after(retry_after)
            }
            Refusal::Group(GroupRefusal::SlowMode { retry_after }) => {
                Self::new(code, refusal.to_string()).retry_after(retry_after)
            }
            Refusal::Group(GroupRefusal::QuotaExceeded { quota, limit }) => {
                let quota = ExceededQuota { name: quota.as_str(), limit };
                Self { extension: Some(Extension::Quota(quota)), ..Self::new(code, refusal.to_string()) }
            }
            Refusal::Group(GroupRefusal::Muted { until }) => {
                let extension = Some(Extension::Until(until.into()));
                Self { extension, ..Self::new(code, refusal.to_string()) }
            }
            Refusal::Group(GroupRefusal::Banned(term)) => {
                let extension = term.until.map(|until| Extension::Until(Time::from(until)));
                Self { extension, ..Self::new(code, refusal.to_string()) }
            }
            Refusal::Message(MessageRefusal::TooLate { until }) => {
                let extension = Some(Extension::Until(until.into()));
                Self { extension, ..Self::new(code, refusal.to_string()) }
            }
            Refusal::Message(MessageRefusal::VersionConflict { current }) => {
                let extension = Some(Extension::Version(current.get()));
                Self { extension, ..Self::new(code, refusal.to_string()) }
            }
            Refusal::Saved(SavedRefusal::DraftConflict { current }) => {
                let extension = Some(Extension::Version(current.get()));
                Self { extension, ..Self::new(code, refusal.to_string()) }
            }
            refusal => Self::new(code, refusal.to_string()),
        }
    }
}

impl From<HalfWay> for ApiError {
    fn from(half: HalfWay) -> Self {
        let methods = half.methods.iter().map(|method| method.as_str()).collect();
        let HalfWay { ticket, expires_at, .. } = half;
        let notice = SecondFactorNotice { ticket, expires_at: expires_at.into(), methods };
        let detail = "the password is right; send the ticket and a code to /api/login/mfa";
        Self {
            extension: Some(Extension::SecondFactor(Box::new(notice))),
            ..Self::new(Code::MfaRequired, detail)
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::invalid(vec![error])
    }
}

impl From<StorageFault> for ApiError {
    fn from(fault: StorageFault) -> Self {
        let (code, detail, retry_after) = match &fault {
            StorageFault::Overloaded { retry_after } => (Code::Overloaded, NOTHING_DONE, Some(*retry_after)),
            StorageFault::Unavailable { .. } => (Code::Unavailable, NOTHING_DONE, Some(SOON)),
            StorageFault::TimedOut => (Code::Overloaded, TOOK_TOO_LONG, Some(SOON)),
            StorageFault::OutcomeUnknown => (Code::OutcomeUnknown, OUTCOME_UNKNOWN, Some(SOON)),
            StorageFault::Panicked | StorageFault::Internal { .. } => (Code::Internal, ROLLED_BACK, None),
        };
        let retry_after = retry_after.map(whole_seconds);
        let error = Self { retry_after, ..Self::new(code, detail) };
        if code == Code::Overloaded { error } else { error.caused_by(fault.to_string()) }
    }
}

const TOO_FAST: &str = "you exceed the write rate limit; nothing was done";
const NO_ROOM: &str = "nothing was done; for now, only those who manage the server can add data";
const NOTHING_DONE: &str = "nothing was done; try again later";
const TOOK_TOO_LONG: &str = "this takes longer than the server allows; request less, or try again later";
const OUTCOME_UNKNOWN: &str = "check whether it was done before you retry, or retry with the same client_id";
/// Of faults in the storage, where what was begun is rolled back.
const ROLLED_BACK: &str = "nothing was done; the server's log contains the cause with the request id";

impl ApiError {
    /// Fields or parameters that broke a rule. Where all broke the same rule of those that say what this
    /// server does not do, the problem as a whole says so.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let all = |code| !errors.is_empty() && errors.iter().all(|error| error.violation.code == code);
        let code = if all(ViolationCode::NotSupported) {
            Code::NotSupported
        } else if all(ViolationCode::NotEditable) {
            Code::NotEditable
        } else {
            Code::ValidationFailed
        };
        let detail = match errors.as_slice() {
            [one] => Cow::Owned(format!("{}: {}", one.field, one.violation.detail)),
            _ => Cow::Borrowed("see `errors` for details"),
        };
        Self { errors, ..Self::new(code, detail) }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use groupchat_domain::accounts::Secret;
    use groupchat_domain::factors::FactorMethod;
    use groupchat_domain::groups::Quota;
    use groupchat_domain::ids::Version;
    use groupchat_domain::time::Timestamp;
    use groupchat_domain::validation::Violation;
    use serde_json::json;

    use super::*;

    fn violation(field: &str, code: ViolationCode) -> FieldError {
        Violation::new(code, "…").in_field(field)
    }

    #[test]
    fn only_what_is_unbuilt_is_called_not_supported() {
        let unbuilt = violation("files", ViolationCode::NotSupported);
        let broken = violation("text", ViolationCode::TooLong);
        assert_eq!(ApiError::invalid(vec![unbuilt.clone()]).code(), Code::NotSupported);
        assert_eq!(ApiError::invalid(vec![unbuilt, broken]).code(), Code::ValidationFailed);
        let fixed = violation("username", ViolationCode::NotEditable);
        assert_eq!(ApiError::invalid(vec![fixed]).code(), Code::NotEditable);
        assert_eq!(ApiError::invalid(Vec::new()).code(), Code::ValidationFailed);
    }

    #[test]
    fn faults_keep_their_reason_to_themselves() {
        let fault = StorageFault::Internal { reason: "no such table: users".to_owned() };
        let error = ApiError::from(Error::from(fault));
        assert_eq!(error.code(), Code::Internal);
        assert!(!error.to_string().contains("users"));
    }

    #[test]
    fn only_a_fault_of_the_storage_is_known_to_have_done_nothing() {
        for fault in [StorageFault::Panicked, StorageFault::Internal { reason: "…".to_owned() }] {
            assert!(ApiError::from(fault).to_string().contains("nothing was done"));
        }
        let others = [
            ApiError::internal("a handler panicked"),
            ApiError::of_status(StatusCode::INTERNAL_SERVER_ERROR),
        ];
        for error in others {
            assert!(!error.to_string().contains("nothing was done"), "{error}");
        }
    }

    #[test]
    fn an_exceeded_quota_is_named_with_its_limit() {
        let refusal = GroupRefusal::QuotaExceeded { quota: Quota::Memberships, limit: 5 };
        let body = ApiError::from(Error::from(refusal)).to_json();
        assert_eq!((&body["status"], &body["code"]), (&json!(409), &json!("quota_exceeded")));
        assert_eq!(body["quota"], json!({"name": "memberships", "limit": 5}));
    }

    #[test]
    fn a_conflict_says_the_version_and_a_missed_time_when_it_was() {
        let conflict = MessageRefusal::VersionConflict { current: Version::new(7) };
        let body = ApiError::from(Error::from(conflict)).to_json();
        assert_eq!((&body["status"], &body["code"]), (&json!(409), &json!("version_conflict")));
        assert_eq!(body["version"], 7);
        let missed = MessageRefusal::TooLate { until: Timestamp::from_micros(0) };
        let body = ApiError::from(Error::from(missed)).to_json();
        assert_eq!((&body["status"], &body["code"]), (&json!(403), &json!("too_late")));
        assert_eq!(body["until"], "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn a_login_that_goes_on_has_its_ticket_in_the_answer_and_nowhere_else() {
        let half = HalfWay {
            ticket: Secret::new("gch_1".to_owned()),
            expires_at: Timestamp::from_micros(0),
            methods: FactorMethod::ALL.to_vec(),
        };
        let error = ApiError::from(half);
        assert!(!format!("{error} {error:?}").contains("gch_1"));
        let body = error.to_json();
        assert_eq!((&body["status"], &body["code"]), (&json!(401), &json!("mfa_required")));
        assert_eq!(body["ticket"], "gch_1");
        assert_eq!(body["expires_at"], "1970-01-01T00:00:00.000000Z");
        assert_eq!(body["methods"], json!(["totp", "passkey", "recovery_code"]));
    }

    #[test]
    fn refusals_say_what_the_domain_says() {
        let error = ApiError::from(Error::from(GroupRefusal::LastOwner));
        assert_eq!(error.code(), Code::LastOwner);
        assert!(error.to_string().contains("last owner"));
    }
}
