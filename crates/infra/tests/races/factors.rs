//! Races of codes: with themselves, and with what ends them.

use std::sync::Arc;

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, ClientInfo, KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, LOGIN_LIFETIME, LoggedIn,
    LoginAttempt, LoginPorts, OwnPasswordPorts, PasskeyAttempt, PasskeyLoginPorts, RefreshTerms,
    SESSIONS_PER_USER, SecondFactorPorts, Secret, SignedIn, end_other_sessions, login, login_with_code,
    login_with_passkey, reset_factors,
};
use groupchat_domain::factors::{
    Asserted, Ceremonies, Ceremony, CeremonyError, CredentialId, CredentialRecord, NewPasskey, PasskeyName,
    PasskeyOwner, ShownCeremony, Terms,
};
use groupchat_domain::factors::{
    FactorCodes, FactorPorts, FactorRefusal, MAX_WRONG_CODES, Passcode, RecoveryCode, Step, Totp, TotpSecret,
    TypedCode, UsedSteps, disable_totp,
};
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::Sealer;
use groupchat_domain::time::Timestamp;
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::factors::codes::RandomFactorCodes;
use groupchat_infra::secrets::{KeyRing, KeySource, RingSealer, SecretKey};

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{PASSWORD, Person};
use crate::plain::{AnyNumberOfTries, NoJournal};
use crate::plain_hasher::PlainHasher;

/// How many do something at once.
const MANY: usize = 8;

/// Of each secret, 111111 is the password of the step 7, whatever the time.
struct OneCode;

impl FactorCodes for OneCode {
    fn new_secret(&self) -> TotpSecret {
        RandomFactorCodes.new_secret()
    }

    fn matching_step(&self, _: &TotpSecret, code: &Passcode, _: Timestamp) -> Option<Step> {
        (code.reveal() == "111111").then_some(Step(7))
    }

    fn issue_recovery_codes(&self) -> Vec<RecoveryCode> {
        RandomFactorCodes.issue_recovery_codes()
    }

    fn digest_recovery_code(&self, code: &RecoveryCode) -> groupchat_domain::accounts::KeyHash {
        RandomFactorCodes.digest_recovery_code(code)
    }

    fn qr_code(&self, text: &str) -> String {
        text.to_owned()
    }
}

struct Keys {
    sealer: Arc<dyn Sealer>,
    codes: Arc<dyn FactorCodes>,
}

impl Keys {
    fn new() -> Self {
        let ring = KeyRing::new(vec![SecretKey::generate()]).unwrap();
        let sealer = RingSealer::new(KeySource::Fixed(ring)).unwrap();
        Self { sealer: Arc::new(sealer), codes: Arc::new(OneCode) }
    }

    /// Gives a user one-time passwords and a recovery code.
    fn equip(&self, arena: &Arena, user: &Person) -> RecoveryCode {
        let sealed = self.sealer.seal(&Totp::context(user.id), &[1; 20]).unwrap();
        let code = self.codes.issue_recovery_codes().remove(0);
        let (id, hash) = (user.id, self.codes.digest_recovery_code(&code));
        arena.prepare(move |tx| {
            let now = tx.now();
            tx.factors().begin_totp(id, &sealed, now).unwrap();
            tx.factors().update_totp(id, Some(now), &UsedSteps::default()).unwrap();
            tx.factors().replace_recovery_codes(id, &[hash]).unwrap();
        });
        code
    }
}

fn ports(arena: &Arena) -> LoginPorts<'_> {
    LoginPorts {
        storage: arena.server(),
        hasher: &PlainHasher,
        keys: &RandomKeys,
        attempts: &AnyNumberOfTries,
        journal: &NoJournal,
        lifetime: LOGIN_LIFETIME,
        refresh: RefreshTerms::default(),
        sessions_per_user: SESSIONS_PER_USER,
        networks_known_for: KNOWN_NETWORK_RETENTION,
        devices_known_for: KNOWN_DEVICE_RETENTION,
    }
}

/// The ticket of half a login.
fn ticket(arena: &Arena, user: &Person) -> Secret {
    let attempt = LoginAttempt {
        username: user.name.as_str().to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
        refresh: false,
        device_name: None,
        device: None,
        client: ClientInfo::default(),
    };
    match arena.wait_for(login(ports(arena), attempt)).unwrap() {
        SignedIn::HalfWay(half) => half.ticket,
        SignedIn::Complete(_) => panic!("no second factor was asked for"),
    }
}

fn finish(arena: &Arena, keys: &Keys, ticket: &Secret, code: &TypedCode) -> Result<LoggedIn, Refusal> {
    let ports =
        SecondFactorPorts { login: ports(arena), codes: keys.codes.clone(), sealer: keys.sealer.clone() };
    arena.wait_for(login_with_code(ports, ticket.clone(), code.clone(), None, ClientInfo::default()))
}

fn passcode(digits: &str) -> TypedCode {
    TypedCode::Passcode(Passcode::parse(digits).unwrap())
}

fn wrong() -> Refusal {
    FactorRefusal::InvalidCode.into()
}

fn invalid() -> Refusal {
    AccountRefusal::TicketInvalid.into()
}

/// A code is good once, with however many tickets it is shown at the same moment.
fn a_code_lets_in_once(arena: &Arena) {
    let keys = Keys::new();
    rounds(|round| {
        let user = arena.person();
        let recovery = TypedCode::Recovery(keys.equip(arena, &user));
        for code in [passcode("111111"), recovery] {
            let tickets: Vec<_> = (0..MANY).map(|_| ticket(arena, &user)).collect();
            let parts = tickets.iter().map(|ticket| part(|| finish(arena, &keys, ticket, &code)));
            let outcomes = at_once(parts.collect());
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "in round {round}");
            assert!(outcomes.into_iter().filter_map(Result::err).all(|refusal| refusal == wrong()));
        }
    });
}

/// A ticket is good once, with however many codes it is shown, and ends after some wrong ones.
fn a_ticket_is_used_once_and_ends_after_wrong_codes(arena: &Arena) {
    let keys = Keys::new();
    rounds(|round| {
        let user = arena.person();
        let recovery = TypedCode::Recovery(keys.equip(arena, &user));
        let (good, spent) = (ticket(arena, &user), ticket(arena, &user));
        let codes = [passcode("111111"), recovery];
        let parts = (0..MANY).map(|nth| {
            part({
                let (keys, good, code) = (&keys, &good, &codes[nth % 2]);
                move || finish(arena, keys, good, code)
            })
        });
        let outcomes = at_once(parts.collect());
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "in round {round}");
        assert_eq!(finish(arena, &keys, &good, &codes[0]).err(), Some(invalid()));

        let wrong_code = passcode("222222");
        let parts = (0..2 * MANY).map(|_| part(|| finish(arena, &keys, &spent, &wrong_code)));
        let refusals: Vec<_> = at_once(parts.collect()).into_iter().filter_map(Result::err).collect();
        let checked = refusals.iter().filter(|refusal| **refusal == wrong()).count();
        assert_eq!((refusals.len(), checked), (2 * MANY, MAX_WRONG_CODES as usize), "in round {round}");
        assert!(refusals.into_iter().all(|refusal| refusal == wrong() || refusal == invalid()));
    });
}

/// What ends half a login, or the factor, ends it for good: whoever comes first wins, and nobody gets in afterwards.
fn no_login_is_finished_after_its_end(arena: &Arena) {
    let keys = Keys::new();
    let admin = arena.admin();
    rounds(|round| {
        let user = arena.person();
        let recovery = keys.equip(arena, &user);
        let ticket = ticket(arena, &user);
        let code = passcode("111111");
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> =
            vec![part(|| finish(arena, &keys, &ticket, &code).map(drop))];
        let end = || match round % 3 {
            0 => arena.act(user.who, end_other_sessions),
            1 => arena.act(admin.who, move |tx, actor| reset_factors(tx, actor, user.id)),
            _ => {
                let attempts = &AnyNumberOfTries;
                let password = OwnPasswordPorts { storage: arena.server(), hasher: &PlainHasher, attempts };
                let ports = FactorPorts { password, codes: keys.codes.clone(), sealer: keys.sealer.clone() };
                let password = Secret::new(PASSWORD.to_owned());
                let code = TypedCode::Recovery(recovery.clone());
                arena.wait_for(disable_totp(ports, user.who, password, code))
            }
        };
        parts.insert(round % 2, part(end));
        let outcomes = at_once(parts);
        let (ended, finished) = match round % 2 {
            0 => (&outcomes[0], &outcomes[1]),
            _ => (&outcomes[1], &outcomes[0]),
        };
        assert_eq!(*ended, Ok(()), "in round {round}");
        assert!(*finished == Ok(()) || *finished == Err(invalid()), "in round {round}: {finished:?}");
        assert_eq!(finish(arena, &keys, &ticket, &code).err(), Some(invalid()), "in round {round}");
    });
}

/// Whatever is shown is right, in one and the same ceremony.
struct OneCeremony;

impl Ceremonies for OneCeremony {
    fn begin_registration<'a>(
        &self,
        _: &Terms<'a>,
        _: &PasskeyOwner<'a>,
        _: &[CredentialId],
    ) -> Result<Ceremony, CeremonyError> {
        Err(CeremonyError::NoSite)
    }

    fn finish_registration<'a>(
        &self,
        _: &Terms<'a>,
        _: &ShownCeremony,
    ) -> Result<(CredentialId, CredentialRecord), CeremonyError> {
        Err(CeremonyError::NoSite)
    }

    fn begin_assertion<'a>(&self, _: &Terms<'a>, _: &[CredentialId]) -> Result<Ceremony, CeremonyError> {
        Err(CeremonyError::NoSite)
    }

    fn identify(&self, credential: &str) -> Option<CredentialId> {
        CredentialId::new(credential.as_bytes().to_vec())
    }

    fn finish_assertion<'a>(
        &self,
        _: &Terms<'a>,
        _: &ShownCeremony,
        _: UserId,
        record: &CredentialRecord,
    ) -> Result<Asserted, CeremonyError> {
        Ok(Asserted { record: record.clone(), mark: Step(7) })
    }
}

fn show(arena: &Arena, credential: &str) -> Result<LoggedIn, Refusal> {
    let site = Some("https://chat.example.org");
    let ports = PasskeyLoginPorts { login: ports(arena), ceremonies: Arc::new(OneCeremony), site };
    let shown = ShownCeremony { token: Secret::new("token".to_owned()), credential: credential.to_owned() };
    let attempt = PasskeyAttempt {
        shown,
        refresh: false,
        device_name: None,
        device: None,
        client: ClientInfo::default(),
    };
    arena.wait_for(login_with_passkey(ports, attempt))
}

/// What an authenticator has signed is good once, also where it is shown several times at the same moment, and not at all
/// after the passkey is gone.
fn a_passkey_signs_in_once_in_a_ceremony(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let user = arena.person();
        let credential = format!("passkey-{}", arena.serial());
        let register = |credential: &str| {
            let credential = CredentialId::new(credential.as_bytes().to_vec()).unwrap();
            let id = user.id;
            arena.prepare(move |tx| {
                let record = CredentialRecord::from_stored("{}".to_owned());
                let name = PasskeyName::parse("phone").unwrap();
                let credential = credential.clone();
                let host = "chat.example.org".to_owned();
                let passkey = NewPasskey { user: id, credential, record, name, host, created_at: tx.now() };
                tx.passkeys().insert(&passkey).unwrap().unwrap();
            });
        };
        register(&credential);
        let parts = (0..MANY).map(|_| part(|| show(arena, &credential)));
        let outcomes = at_once(parts.collect());
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "in round {round}");
        let wrong: Refusal = FactorRefusal::WrongPasskey.into();
        assert!(outcomes.into_iter().filter_map(Result::err).all(|refusal| refusal == wrong));

        let other = format!("passkey-{}", arena.serial());
        register(&other);
        let reset = || arena.act(admin.who, move |tx, actor| reset_factors(tx, actor, user.id));
        let parts: Vec<Part<'_, Result<(), Refusal>>> =
            vec![part(|| show(arena, &other).map(drop)), part(reset)];
        let outcomes = at_once(parts);
        assert_eq!(outcomes[1], Ok(()), "in round {round}");
        assert!(outcomes[0] == Ok(()) || outcomes[0] == Err(wrong.clone()), "{:?}", outcomes[0]);
        assert_eq!(show(arena, &other).err(), Some(wrong), "in round {round}");
    });
}

cases! { once:
    a_passkey_signs_in_once_in_a_ceremony
    a_code_lets_in_once
    a_ticket_is_used_once_and_ends_after_wrong_codes
    no_login_is_finished_after_its_end
}
