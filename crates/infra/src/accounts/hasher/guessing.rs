//! How soon guessers come to a password, by the crate `zxcvbn`: it knows 30,000 common passwords, words and names, also
//! with other letters, digits and years, backwards, and as a walk over the keyboard.

use groupchat_domain::accounts::Password;
use zxcvbn::zxcvbn;

/// The power of ten of the guesses that a password has to withstand. Sign-ins to one account are limited to about one a
/// second from all strangers together, so a million guesses take eleven days.
const LEAST: f64 = 6.0;

/// How many words that are known of the user are looked at.
const KNOWN: usize = 5;

/// What the server is called is a word that everybody knows of its users.
const NAME: &str = "groupchat";

pub(super) fn is_easy(password: &Password, known: &[String]) -> bool {
    let known: Vec<&str> = known.iter().take(KNOWN).map(String::as_str).chain([NAME]).collect();
    zxcvbn(password.reveal(), &known).guesses_log10() < LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_easy_for_ada(password: &str) -> bool {
        let known = ["ada.lovelace", "Ada King", "countess"].map(str::to_owned);
        is_easy(&Password::parse(password).unwrap(), &known)
    }

    #[test]
    fn common_passwords_and_their_variants_are_easy() {
        for password in [
            "password",
            "password1",
            "Passw0rd!",
            "P@ssw0rd123",
            "12345678",
            "qwertyuiop",
            "iloveyou1",
            "letmein123",
            "trustno1!",
            "!QAZ2wsx",
            "aaaaaaaa",
            "abcdefgh",
            "summer2026",
            "Welcome1!",
            "drowssap",
            "passwordpassword",
        ] {
            assert!(is_easy_for_ada(password), "{password}");
        }
    }

    #[test]
    fn names_that_are_known_of_the_user_are_easy() {
        for password in [
            "ada.lovelace",
            "Ada.Lovelace1",
            "ecalevol.ada",
            "countess",
            "Countess99",
            "groupchat",
            "GroupChat2026",
        ] {
            assert!(is_easy_for_ada(password), "{password}");
        }
        assert!(!is_easy(&Password::parse("ada.lovelace").unwrap(), &[]), "only of hers");
    }

    #[test]
    fn unusual_words_and_random_characters_are_not_easy() {
        for password in [
            "correct horse",
            "engine-no-1",
            "another password",
            "x7Kq92mf",
            "совершенно секретно",
            "会議は金曜日です",
        ] {
            assert!(!is_easy_for_ada(password), "{password}");
        }
    }
}
