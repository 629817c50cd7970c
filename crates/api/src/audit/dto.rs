//! Response bodies for the audit log.

use groupchat_domain::audit::{AuditAction, AuditOutcome, AuditParty, AuditRecord};
use groupchat_domain::ids::{GroupId, SessionId, UserId};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::accounts::{Address, UserAgent};
use crate::wire::{Count, Field, Time, plain_texts, text_values};

text_values! {
    AuditAction => actions();
}

plain_texts! {
    /// What was done, or tried.
    #[derive(Debug)]
    Action => actions();
    /// Whether it worked.
    #[derive(Debug)]
    Outcome => json!({
        "enum": [AuditOutcome::Ok.as_str(), AuditOutcome::Failed.as_str()],
        "example": AuditOutcome::Ok.as_str(),
    });
    /// As what somebody acted.
    #[derive(Debug)]
    Party => json!({
        "enum": [
            AuditParty::User.as_str(),
            AuditParty::Operator.as_str(),
            AuditParty::Server.as_str(),
            AuditParty::Stranger.as_str(),
        ],
        "example": AuditParty::User.as_str(),
    });
    /// The names of fields, or of a role.
    #[derive(Debug)]
    FieldNames => json!({"minLength": 1, "example": "display_name email"});
    /// A SHA-256 in hexadecimal digits.
    #[derive(Debug)]
    HexHash => json!({
        "pattern": "^[0-9a-f]{64}$",
        "example": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    });
}

fn actions() -> Value {
    let names: Vec<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
    json!({"enum": names, "example": AuditAction::Login.as_str()})
}

/// An entry of the audit log.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "AuditEntry")]
pub(super) struct AuditEntryDto {
    /// Its number: 1, 2, 3, … without gaps.
    pub seq: Field<Count>,
    /// When it was recorded.
    pub at: Time,
    /// What was done, or tried.
    pub action: Field<Action>,
    /// Whether it worked.
    pub outcome: Field<Outcome>,
    /// As what somebody acted: a signed-in `user`, the `operator` on the command line, the `server` itself, or a
    /// `stranger`, who was not signed in.
    pub party: Field<Party>,
    /// The user who acted; null unless `party` is `user`.
    pub actor_id: Option<Field<UserId>>,
    /// The session of the key that was used; null unless `party` is `user`, and in the list of a group.
    pub session_id: Option<Field<SessionId>>,
    /// The user whom it is about. Null for a login with a name that nobody has.
    pub target_id: Option<Field<UserId>>,
    /// The group that it was done in.
    pub group_id: Option<Field<GroupId>>,
    /// What else it is about: the session of a `login` or `session.ended`, the token of `token.…`, the role of `role.…`, the invitation or the link of
    /// `invitation.…` and `invite_link.…`, the number of the last entry that was removed.
    pub object_id: Option<Field<Count>>,
    /// The names of the fields that were changed, or the scopes of a token, separated by spaces, or the role that a member got: `custom` is one that
    /// the group has defined.
    pub detail: Option<Field<FieldNames>>,
    /// The network address that the request came from. Null in the list of a group.
    pub address: Option<Field<Address>>,
    /// The program that sent the request, as it named itself. Null in the list of a group.
    pub user_agent: Option<Field<UserAgent>>,
    /// SHA-256 of the hash of the entry before and of what this one says. Null in the list of a group.
    pub hash: Option<Field<HexHash>>,
}

impl From<AuditRecord> for AuditEntryDto {
    fn from(record: AuditRecord) -> Self {
        Self {
            seq: record.seq.into(),
            at: record.at.into(),
            action: Action(record.action).into(),
            outcome: Outcome(record.outcome).into(),
            party: Party(record.party).into(),
            actor_id: record.actor.map(Field::from),
            session_id: record.session.map(Field::from),
            target_id: record.target.map(Field::from),
            group_id: record.group.map(Field::from),
            object_id: record.object.map(Field::from),
            detail: record.detail.map(|names| FieldNames(names).into()),
            address: record.address.map(|text| Address(text).into()),
            user_agent: record.user_agent.map(|text| UserAgent(text).into()),
            hash: Some(HexHash(record.hash.to_string()).into()),
        }
    }
}

impl AuditEntryDto {
    /// An entry in the list of a group.
    pub(super) fn of_group(record: AuditRecord) -> Self {
        Self { hash: None, ..record.into() }
    }
}
