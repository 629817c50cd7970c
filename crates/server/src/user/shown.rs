//! Users as the command line shows them.

use groupchat_domain::accounts::{DisplayName, Email, Password, User};
use groupchat_domain::ids::UserId;
use serde::Serialize;

/// A user in JSON: the fields of the HTTP API, and a password that was made up.
#[derive(Debug, Serialize)]
pub(super) struct ShownUser {
    id: i64,
    username: String,
    display_name: Option<String>,
    email: Option<String>,
    is_admin: bool,
    suspended: bool,
    kind: &'static str,
    owner_id: Option<i64>,
    version: i64,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl From<User> for ShownUser {
    fn from(user: User) -> Self {
        // Out of range only after the year 9999; no clock of ours tells such a time.
        let (kind, owner_id) = (user.kind().as_str(), user.owner.map(UserId::get));
        let created_at = jiff::Timestamp::from_microsecond(user.created_at.as_micros());
        Self {
            id: user.id.get(),
            username: user.username.into_string(),
            display_name: user.display_name.map(DisplayName::into_string),
            email: user.email.map(Email::into_string),
            is_admin: user.is_admin,
            suspended: user.suspended,
            kind,
            owner_id,
            version: user.version.get(),
            created_at: format!("{:.6}", created_at.unwrap_or(jiff::Timestamp::MAX)),
            password: None,
        }
    }
}

impl ShownUser {
    /// The user, with the password if there is one to tell.
    pub(super) fn with_password(user: User, password: Option<&Password>) -> Self {
        let password = password.map(|password| password.reveal().to_owned());
        Self { password, ..Self::from(user) }
    }
}

/// The users as a table under its headings. What may be wide comes last.
pub(super) fn table(users: &[ShownUser]) -> Vec<Vec<String>> {
    let headings = ["ID", "ROLE", "CREATED", "USERNAME", "E-MAIL", "DISPLAY NAME"];
    let row = |user: &ShownUser| {
        let role = match (user.suspended, user.is_admin, user.owner_id) {
            (true, _, _) => "suspended",
            (false, true, _) => "admin",
            (false, false, Some(_)) => "bot",
            (false, false, None) => "user",
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let day = user.created_at.chars().take("9999-12-31".len()).collect();
        vec![
            user.id.to_string(),
            role.to_owned(),
            day,
            user.username.clone(),
            text(&user.email),
            text(&user.display_name),
        ]
    };
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    rows.extend(users.iter().map(row));
    rows
}
