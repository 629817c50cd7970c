//! New passwords that somebody has chosen.

use crate::accounts::model::{DisplayName, Email, Password, PasswordHash, User, Username};
use crate::accounts::ports::{HashCaller, PasswordHasher};
use crate::error::Error;
use crate::validation::{FieldError, Violation, ViolationCode};

/// What guessers know of a user: the username, the display name, and the e-mail address up to its `@`.
pub(super) fn known_of(user: &User) -> Vec<String> {
    known(&user.username, user.display_name.as_ref(), user.email.as_ref())
}

/// The same of somebody who is no user yet.
pub(super) fn known(
    username: &Username,
    display_name: Option<&DisplayName>,
    email: Option<&Email>,
) -> Vec<String> {
    let mailbox = email.and_then(|email| email.as_str().split('@').next());
    let words = [Some(username.as_str()), display_name.map(DisplayName::as_str), mailbox];
    words.into_iter().flatten().map(str::to_owned).collect()
}

/// Hashes a password that was given in this field, unless it is easy to guess.
///
/// # Errors
/// It is ([`ViolationCode::TooCommon`]), busy, or a fault.
pub(super) async fn hash_chosen(
    hasher: &dyn PasswordHasher,
    caller: HashCaller,
    field: &str,
    password: Password,
    known: Vec<String>,
) -> Result<PasswordHash, Error> {
    if hasher.is_easy_to_guess(caller.clone(), password.clone(), known).await? {
        let detail = "is easy to guess: it is common, or much like a name; several unusual words are better";
        let violation = Violation::new(ViolationCode::TooCommon, detail);
        return Err(FieldError { field: field.to_owned(), violation }.into());
    }
    hasher.hash(caller, password).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::MockPasswordHasher;
    use crate::testing::{accepts_passwords, block_on, user};

    #[test]
    fn what_is_easy_to_guess_is_not_hashed() {
        let mut hasher = MockPasswordHasher::new();
        hasher
            .expect_is_easy_to_guess()
            .withf(|_, password, known| password.reveal() == "password1" && known == &["ann".to_owned()])
            .times(1)
            .returning(|_, _, _| Box::pin(async { Ok(true) }));
        let password = Password::parse("password1").unwrap();
        let known = vec!["ann".to_owned()];
        let refused = block_on(hash_chosen(&hasher, HashCaller::System, "new", password, known)).unwrap_err();
        let Error::Refused(crate::Refusal::Invalid(errors)) = refused else { panic!("{refused:?}") };
        assert_eq!((errors[0].field.as_str(), errors[0].violation.code), ("new", ViolationCode::TooCommon));
    }

    #[test]
    fn anything_else_is_hashed() {
        let mut hasher = accepts_passwords();
        let stored = PasswordHash::from_stored("hash".to_owned());
        let answer = stored.clone();
        hasher.expect_hash().times(1).return_once(|_, _| Box::pin(async { Ok(answer) }));
        let password = Password::parse("correct horse").unwrap();
        let hashed = block_on(hash_chosen(&hasher, HashCaller::System, "new", password, Vec::new()));
        assert_eq!(hashed, Ok(stored));
    }

    #[test]
    fn guessers_know_the_names_of_a_user() {
        let mut ann = user(crate::testing::ME);
        ann.email = Some(Email::parse("a.lovelace@example.org").unwrap());
        let known = known_of(&ann);
        assert_eq!(known.first().map(String::as_str), Some(ann.username.as_str()));
        assert_eq!(known.last().map(String::as_str), Some("a.lovelace"));
    }
}
