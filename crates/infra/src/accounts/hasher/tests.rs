use groupchat_domain::accounts::Secret;

use super::*;

/// The lowest cost, so that tests are quick.
const CHEAP: u32 = 4;

fn hasher() -> BcryptHasher {
    BcryptHasher::start(CHEAP).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

async fn hash(text: &str) -> PasswordHash {
    hasher().hash(HashCaller::System, password(text)).await.unwrap()
}

/// A hash as versions stored it that did not normalize passwords.
fn hash_as_typed(text: &str) -> PasswordHash {
    PasswordHash::from_stored(bcrypt::hash(text, CHEAP).unwrap())
}

fn check(typed: &str, hash: Option<PasswordHash>) -> PasswordCheck {
    PasswordCheck { typed: Secret::new(typed.to_owned()), hash, highest_cost: None }
}

async fn verified(typed: &str, hash: Option<PasswordHash>) -> Verification {
    hasher().verify(HashCaller::System, check(typed, hash)).await.unwrap()
}

#[tokio::test]
async fn a_password_verifies_against_its_own_hash_only() {
    let hash = hash("correct horse").await;
    assert_eq!(verified("correct horse", Some(hash.clone())).await, Verification::Right);
    assert_eq!(verified("wrong horse", Some(hash)).await, Verification::Wrong);
    assert_eq!(verified("correct horse", None).await, Verification::Wrong);
}

#[tokio::test]
async fn the_longest_password_is_hashed_whole() {
    let longest = "x".repeat(Password::MAX_BYTES);
    let hash = hash(&longest).await;
    assert_eq!(verified(&longest, Some(hash.clone())).await, Verification::Right);
    let last_differs = format!("{}y", &longest[1..]);
    assert_eq!(verified(&last_differs, Some(hash)).await, Verification::Wrong);
}

#[tokio::test]
async fn text_that_bcrypt_would_truncate_never_verifies() {
    let longest = "x".repeat(Password::MAX_BYTES);
    assert_eq!(verified(&format!("{longest}x"), Some(hash(&longest).await)).await, Verification::Wrong);
    let hash = hash("password").await;
    for wrong in ["password\0", "password\0password", "", "short"] {
        assert_eq!(verified(wrong, Some(hash.clone())).await, Verification::Wrong, "{wrong:?}");
    }
}

#[tokio::test]
async fn composed_and_decomposed_forms_are_the_same_password() {
    for (chosen, typed) in [("pässword", "pa\u{308}ssword"), ("pa\u{308}ssword", "pässword")] {
        assert_eq!(verified(typed, Some(hash(chosen).await)).await, Verification::Right);
        assert_eq!(verified("pa\u{301}ssword", Some(hash(chosen).await)).await, Verification::Wrong);
    }
    // 75 bytes as typed, and 50 bytes when normalized, which count.
    let typed = "a\u{308}".repeat(25);
    assert_eq!(verified(&typed, Some(hash(&typed).await)).await, Verification::Right);
}

#[tokio::test]
async fn a_password_with_too_few_characters_for_a_new_one_verifies() {
    let old = hash_as_typed("пароль");
    assert_eq!(verified("пароль", Some(old.clone())).await, Verification::Right);
    assert_eq!(verified("паролЬ", Some(old)).await, Verification::Wrong);
}

#[tokio::test]
async fn a_hash_of_the_text_as_typed_verifies_and_is_outdated() {
    let decomposed = "pa\u{308}ssword";
    let old = hash_as_typed(decomposed);
    assert_eq!(verified(decomposed, Some(old.clone())).await, Verification::RightButOutdated);
    assert_eq!(verified("pässword", Some(old)).await, Verification::Wrong, "nobody knows how it was typed");
    // 72 bytes as typed, and 144 bytes when normalized, which could not be hashed.
    let grows = "\u{958}".repeat(24);
    assert_eq!(verified(&grows, Some(hash_as_typed(&grows))).await, Verification::RightButOutdated);
    // 9 bytes as typed, and too short when normalized.
    let shrinks = "a\u{308}".repeat(3);
    assert_eq!(verified(&shrinks, Some(hash_as_typed(&shrinks))).await, Verification::RightButOutdated);
}

#[tokio::test]
async fn a_hash_of_another_cost_is_outdated() {
    for cost in [CHEAP + 1, CHEAP + 2] {
        let other = PasswordHash::from_stored(bcrypt::hash("password", cost).unwrap());
        assert_eq!(verified("password", Some(other)).await, Verification::RightButOutdated);
    }
}

#[tokio::test]
async fn an_unreadable_hash_is_a_fault_and_not_a_mismatch() {
    let damaged = PasswordHash::from_stored("$2b$04$damaged".into());
    let answer = hasher().verify(HashCaller::System, check("password", Some(damaged))).await;
    assert!(matches!(answer, Err(Error::Fault(StorageFault::Internal { .. }))), "{answer:?}");
}

#[test]
fn the_dummy_for_a_missing_hash_has_the_requested_cost() {
    for cost in [CHEAP, DEFAULT_COST] {
        let parts: bcrypt::HashParts = unmatched(cost).parse().unwrap();
        assert_eq!(parts.get_cost(), cost);
        assert_eq!(cost_of(&PasswordHash::from_stored(unmatched(cost))), Some(cost));
    }
    assert!(!bcrypt::verify("password", &unmatched(CHEAP)).unwrap());
}

/// The number of bcrypt rounds that it takes to reject a wrong password.
fn rounds(check: &PasswordCheck) -> u64 {
    let mut rounds = 0;
    let mut count = |text: &str, hash: &str| {
        rounds += 1 << cost_of(&PasswordHash::from_stored(hash.to_owned())).unwrap();
        Ok(text == hash)
    };
    assert_eq!(verify(check, 10, &mut count).unwrap(), Verification::Wrong);
    rounds
}

#[test]
fn a_mismatch_takes_the_same_time_with_any_hash_and_with_none() {
    let highest_cost = Some(HashCost(12));
    // A text that can't be a password, one that can, and one that is compared in two forms.
    for (typed, forms) in [("wrong", 1), ("wrong password", 1), ("wrong pa\u{308}ssword", 2)] {
        let of = |hash| rounds(&PasswordCheck { highest_cost, ..check(typed, hash) });
        for cost in [4, 9, 10, 11, 12] {
            let stored = PasswordHash::from_stored(unmatched(cost));
            assert_eq!(of(Some(stored)), forms << 12, "{typed:?} against a hash of cost {cost}");
        }
        assert_eq!(of(None), forms << 12, "{typed:?} without a hash");
    }
}

#[test]
fn the_dummy_cost_defaults_to_the_servers_and_is_limited() {
    assert_eq!(rounds(&check("wrong password", None)), 1 << 10);
    let highest_cost = Some(HashCost(31));
    assert_eq!(rounds(&PasswordCheck { highest_cost, ..check("wrong password", None) }), 1 << 14);
}

#[test]
fn an_invalid_cost_is_rejected() {
    for cost in [0, 3, 32] {
        assert_eq!(BcryptHasher::start(cost).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
