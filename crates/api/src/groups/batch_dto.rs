//! Bodies for adding many users at once.

use groupchat_domain::Refusal;
use groupchat_domain::groups::{Addition, Batch, GroupRefusal};
use groupchat_domain::ids::UserId;
use paperclip::actix::Apiv2Schema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::problem::ApiError;
use crate::wire::{Field, Fields, Items, Required, Time, plain_texts};

/// Whom to add to a group.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "MemberBatch")]
pub(super) struct BatchDto {
    /// The ids of 1–200 users.
    pub user_ids: Required<Batch>,
}

impl BatchDto {
    pub(super) fn parse(self) -> Result<Batch, ApiError> {
        let mut fields = Fields::new();
        fields.required("user_ids", self.user_ids).ok_or_else(|| fields.into())
    }
}

/// What came of adding users.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Additions")]
pub(super) struct AdditionsDto {
    /// Each user once, in the order in which they were named.
    pub items: Items<AdditionDto, { Batch::MOST }>,
}

impl From<Vec<Addition>> for AdditionsDto {
    fn from(additions: Vec<Addition>) -> Self {
        Self { items: additions.into_iter().map(AdditionDto::from).collect() }
    }
}

/// What came of adding a user.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Addition")]
pub(super) struct AdditionDto {
    /// The user's id.
    pub user_id: Field<UserId>,
    /// Whether the user is a member now, and was none before.
    pub added: Field<bool>,
    /// Why the user was not added; null for one who was.
    pub problem: Option<AdditionProblemDto>,
}

impl From<Addition> for AdditionDto {
    fn from(Addition { user, outcome }: Addition) -> Self {
        let (added, problem) = (outcome.is_ok(), outcome.err().map(AdditionProblemDto::from));
        Self { user_id: user.into(), added: added.into(), problem }
    }
}

/// Why a user was not added: what the request to add this user alone would respond with.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "AdditionProblem")]
pub(super) struct AdditionProblemDto {
    /// `user_not_found`, `already_member`, `banned` or `quota_exceeded`. More may come.
    pub code: Field<AdditionCode>,
    /// The reason in a sentence.
    pub detail: Field<AdditionDetail>,
    /// When a ban ends by itself; else null.
    pub until: Option<Time>,
}

impl From<Refusal> for AdditionProblemDto {
    fn from(refusal: Refusal) -> Self {
        let until = match &refusal {
            Refusal::Group(GroupRefusal::Banned(term)) => term.until,
            _ => None,
        };
        let detail = AdditionDetail(refusal.to_string());
        let code = AdditionCode(ApiError::from(refusal).code().as_str().to_owned());
        Self { code: code.into(), detail: detail.into(), until: until.map(Time::from) }
    }
}

plain_texts! {
    /// The code of a problem.
    #[derive(Debug)]
    AdditionCode => json!({"example": "already_member"});
    /// The same in a sentence.
    #[derive(Debug)]
    AdditionDetail => json!({"example": "the user is already a member of the group"});
}
