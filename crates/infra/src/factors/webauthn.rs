//! Ceremonies of passkeys, by `webauthn-rs`.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use groupchat_domain::accounts::Secret;
use groupchat_domain::factors::{
    Asserted, CEREMONY_LIFETIME, CEREMONY_SKEW, Ceremonies, Ceremony, CeremonyError, CredentialId,
    CredentialRecord, PasskeyOwner, Purpose, ShownCeremony, Step, Terms,
};
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::{Sealed, Sealer, SecretKeyId};
use groupchat_domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::accounts::keys::random;

/// Keeps nothing of a ceremony: what has to be known when it ends is sealed in its token.
#[derive(Clone)]
pub struct SealedCeremonies {
    sealer: Arc<dyn Sealer>,
}

/// What a token holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// When the ceremony is over, in microseconds.
    until: i64,
    /// What tells it from others.
    mark: i64,
    /// Whether anybody may end it, so that the authenticator has to say who it is.
    anybody: bool,
    /// What the library knows of it.
    state: Value,
}

impl SealedCeremonies {
    /// Seals with the server's key.
    pub fn new(sealer: Arc<dyn Sealer>) -> Self {
        Self { sealer }
    }

    fn keep(
        &self,
        terms: &Terms<'_>,
        state: &impl Serialize,
        anybody: bool,
        options: Value,
    ) -> Result<Ceremony, CeremonyError> {
        let mut state = serde_json::to_value(state).map_err(|_| CeremonyError::NoSite)?;
        // An authenticator that begins to back its passkeys up says so at the next use, which is no reason to refuse it.
        if let Some(upgrade) = state.pointer_mut("/ast/allow_backup_eligible_upgrade") {
            *upgrade = true.into();
        }
        let until = terms.now.plus(CEREMONY_LIFETIME).as_micros();
        let kept = Kept { until, mark: i64::from_be_bytes(random()), anybody, state };
        let kept = serde_json::to_vec(&kept).map_err(|_| CeremonyError::NoSite)?;
        let Sealed { key, bytes } =
            self.sealer.seal(terms.purpose.as_str(), &kept).map_err(|_| CeremonyError::NoKey)?;
        let token = BASE64_URL_SAFE_NO_PAD.encode([&key.get().to_be_bytes()[..], &bytes].concat());
        Ok(Ceremony { token: Secret::new(token), options: options.to_string() })
    }

    /// What a token holds that was issued for this and is still good.
    fn kept(&self, purpose: &Purpose, now: Timestamp, token: &Secret) -> Result<Kept, CeremonyError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.reveal()).map_err(|_| CeremonyError::Expired)?;
        let (key, bytes) = bytes.split_first_chunk().ok_or(CeremonyError::Expired)?;
        let sealed = Sealed { key: SecretKeyId::new(u32::from_be_bytes(*key)), bytes: bytes.to_vec() };
        let kept = self.sealer.open(purpose.as_str(), &sealed).map_err(|_| CeremonyError::Expired)?;
        let kept: Kept = serde_json::from_slice(&kept).map_err(|_| CeremonyError::Expired)?;
        let latest = now.plus(CEREMONY_LIFETIME + CEREMONY_SKEW).as_micros();
        if (now.as_micros()..=latest).contains(&kept.until) { Ok(kept) } else { Err(CeremonyError::Expired) }
    }
}

/// The server as authenticators know it: by the host of its public address, which has to be a name.
fn party(site: &str) -> Result<Webauthn, CeremonyError> {
    let url = Url::parse(site).map_err(|_| CeremonyError::NoSite)?;
    let host = url.domain().ok_or(CeremonyError::NoSite)?;
    let party = WebauthnBuilder::new(host, &url).and_then(|builder| builder.rp_name(host).build());
    party.map_err(|_| CeremonyError::NoSite)
}

/// Users are known to authenticators by their ids, which everybody may know.
fn handle(user: UserId) -> Uuid {
    Uuid::from_u128(user.get().unsigned_abs().into())
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, CeremonyError> {
    serde_json::from_str(json).map_err(|_| CeremonyError::Wrong)
}

fn state<T: DeserializeOwned>(kept: Value) -> Result<T, CeremonyError> {
    serde_json::from_value(kept).map_err(|_| CeremonyError::Expired)
}

fn record(passkey: &Passkey) -> Result<CredentialRecord, CeremonyError> {
    let text = serde_json::to_string(passkey).map_err(|_| CeremonyError::Wrong)?;
    CredentialRecord::new(text).ok_or(CeremonyError::Wrong)
}

/// The flag of an authenticator that may back up a passkey, in the byte of flags after the hash of the server (WebAuthn,
/// section 6.1).
const MAY_BACK_UP: u8 = 0x08;
const FLAGS: usize = 32;

/// The passkey of a record, which may be backed up if its authenticator says so now. The library allows for that, but not
/// for one that has been backed up by then. What the authenticator says is signed, and checked after this.
fn as_it_says(known: &CredentialRecord, shown: &PublicKeyCredential) -> Result<Passkey, CeremonyError> {
    let mut record: Value = read(known.as_str())?;
    let said: &[u8] = shown.response.authenticator_data.as_ref();
    let may_back_up = said.get(FLAGS).is_some_and(|flags| flags & MAY_BACK_UP != 0);
    if let Some(known) = record.pointer_mut("/cred/backup_eligible").filter(|_| may_back_up) {
        *known = true.into();
    }
    serde_json::from_value(record).map_err(|_| CeremonyError::Wrong)
}

fn id_of(bytes: &[u8]) -> Option<CredentialId> {
    CredentialId::new(bytes.to_vec())
}

/// The options that a browser takes, of what the library has made.
fn options(challenge: &impl Serialize) -> Result<Value, CeremonyError> {
    let mut made = serde_json::to_value(challenge).map_err(|_| CeremonyError::NoSite)?;
    Ok(made["publicKey"].take())
}

impl Ceremonies for SealedCeremonies {
    fn begin_registration<'a>(
        &self,
        terms: &Terms<'a>,
        owner: &PasskeyOwner<'a>,
        known: &[CredentialId],
    ) -> Result<Ceremony, CeremonyError> {
        let known = known.iter().map(|id| id.as_bytes().to_vec()).collect();
        let begun = party(terms.site)?.start_passkey_registration(
            handle(owner.user),
            owner.username,
            owner.display_name,
            Some(known),
        );
        let (challenge, state) = begun.map_err(|_| CeremonyError::NoSite)?;
        let mut options = options(&challenge)?;
        // Else nobody could sign in with it without a name.
        let selection = &mut options["authenticatorSelection"];
        selection["residentKey"] = "required".into();
        selection["requireResidentKey"] = true.into();
        self.keep(terms, &state, false, options)
    }

    fn finish_registration<'a>(
        &self,
        terms: &Terms<'a>,
        shown: &ShownCeremony,
    ) -> Result<(CredentialId, CredentialRecord), CeremonyError> {
        let kept = self.kept(terms.purpose, terms.now, &shown.token)?;
        let begun: PasskeyRegistration = state(kept.state)?;
        let credential: RegisterPublicKeyCredential = read(&shown.credential)?;
        let passkey = party(terms.site)?.finish_passkey_registration(&credential, &begun);
        let passkey = passkey.map_err(refused)?;
        let id = id_of(passkey.cred_id().as_ref()).ok_or(CeremonyError::Wrong)?;
        Ok((id, record(&passkey)?))
    }

    fn begin_assertion<'a>(&self, terms: &Terms<'a>, of: &[CredentialId]) -> Result<Ceremony, CeremonyError> {
        let begun = party(terms.site)?.start_discoverable_authentication();
        let (challenge, state) = begun.map_err(|_| CeremonyError::NoSite)?;
        let mut options = options(&challenge)?;
        let named = of
            .iter()
            .map(|id| json!({"type": "public-key", "id": BASE64_URL_SAFE_NO_PAD.encode(id.as_bytes())}));
        if of.is_empty() {
            options.as_object_mut().map(|options| options.remove("allowCredentials"));
        } else {
            options["allowCredentials"] = named.collect();
        }
        self.keep(terms, &state, of.is_empty(), options)
    }

    fn identify(&self, credential: &str) -> Option<CredentialId> {
        let credential: PublicKeyCredential = read(credential).ok()?;
        id_of(&credential.raw_id)
    }

    fn finish_assertion<'a>(
        &self,
        terms: &Terms<'a>,
        shown: &ShownCeremony,
        user: UserId,
        known: &CredentialRecord,
    ) -> Result<Asserted, CeremonyError> {
        let Kept { mark, anybody, state: begun, .. } = self.kept(terms.purpose, terms.now, &shown.token)?;
        let begun: DiscoverableAuthentication = state(begun)?;
        let credential: PublicKeyCredential = read(&shown.credential)?;
        // Level 3, section 7.2, step 6.
        match credential.get_user_unique_id() {
            Some(claimed) if claimed == handle(user).as_bytes() => {}
            None if !anybody => {}
            _ => return Err(CeremonyError::Wrong),
        }
        let mut passkey = as_it_says(known, &credential)?;
        let party = party(terms.site)?;
        let shown = party.finish_discoverable_authentication_v2(&credential, begun, &passkey);
        let shown = shown.map_err(refused)?;
        passkey.update_credential(&shown).ok_or(CeremonyError::Wrong)?;
        Ok(Asserted { record: record(&passkey)?, mark: Step(mark) })
    }
}

/// The reason is for whoever runs the server: clients learn that it is wrong, and no more.
fn refused(error: webauthn_rs::prelude::WebauthnError) -> CeremonyError {
    tracing::debug!(%error, "a passkey is refused");
    CeremonyError::Wrong
}

#[cfg(test)]
mod tests {
    use groupchat_domain::secrets::SealError;

    use super::*;

    /// Seals nothing, but tells contexts apart.
    struct Open;

    impl Sealer for Open {
        fn seal(&self, context: &str, secret: &[u8]) -> Result<Sealed, SealError> {
            Ok(Sealed { key: SecretKeyId::new(1), bytes: [context.as_bytes(), b"|", secret].concat() })
        }

        fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
            let rest = sealed.bytes.strip_prefix(context.as_bytes()).and_then(|rest| rest.strip_prefix(b"|"));
            rest.map(<[u8]>::to_vec).ok_or(SealError::Damaged)
        }
    }

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
    const OWNER: PasskeyOwner<'_> =
        PasskeyOwner { user: UserId::new(7), username: "ann", display_name: "Ann" };

    fn ceremonies() -> SealedCeremonies {
        SealedCeremonies::new(Arc::new(Open))
    }

    fn terms(site: &'static str, purpose: &'static Purpose) -> Terms<'static> {
        Terms { site, purpose, now: NOW }
    }

    fn purpose(text: &str) -> &'static Purpose {
        Box::leak(Box::new(Purpose::registration(OWNER.user, text)))
    }

    #[test]
    fn passkeys_are_discoverable_and_verify_their_user() {
        let known = CredentialId::new(vec![1, 2, 3]).unwrap();
        let terms = terms("https://chat.example.org:8443", purpose("a"));
        let begun = ceremonies().begin_registration(&terms, &OWNER, std::slice::from_ref(&known)).unwrap();
        let options: Value = serde_json::from_str(&begun.options).unwrap();
        assert_eq!(options["rp"]["id"], "chat.example.org");
        assert_eq!(options["user"]["name"], "ann");
        assert_eq!(options["excludeCredentials"][0]["id"], "AQID");
        let selection = &options["authenticatorSelection"];
        assert_eq!(
            (&selection["residentKey"], &selection["userVerification"]),
            (&json!("required"), &json!("required"))
        );
        assert_eq!(selection["requireResidentKey"], true);

        let named = ceremonies().begin_assertion(&terms, &[known]).unwrap();
        let anybody = ceremonies().begin_assertion(&terms, &[]).unwrap();
        for (begun, allowed) in
            [(named, json!([{"type": "public-key", "id": "AQID"}])), (anybody, Value::Null)]
        {
            let options: Value = serde_json::from_str(&begun.options).unwrap();
            assert_eq!(
                (&options["userVerification"], &options["rpId"]),
                (&json!("required"), &json!("chat.example.org"))
            );
            assert_eq!(options["allowCredentials"], allowed);
            assert_eq!(options["mediation"], Value::Null);
        }
    }

    #[test]
    fn an_authenticator_may_begin_to_back_up_its_passkeys() {
        let terms = terms("http://localhost:5000", purpose("a"));
        let begun = ceremonies().begin_assertion(&terms, &[]).unwrap();
        let kept = ceremonies().kept(terms.purpose, NOW, &begun.token).unwrap();
        assert_eq!(kept.state["ast"]["allow_backup_eligible_upgrade"], true);
    }

    #[test]
    fn a_site_without_a_name_has_no_passkeys() {
        for site in ["https://192.0.2.7", "http://[::1]:5000", "chat.example.org", "", "mailto:a@b.example"] {
            let begun = ceremonies().begin_assertion(&Terms { site, purpose: purpose("a"), now: NOW }, &[]);
            assert_eq!(begun.err(), Some(CeremonyError::NoSite), "{site}");
        }
    }

    #[test]
    fn a_ceremony_is_for_one_purpose_and_a_few_minutes() {
        let (ours, other) = (purpose("a"), purpose("b"));
        let ceremonies = ceremonies();
        let begun = ceremonies.begin_assertion(&terms("http://localhost", ours), &[]).unwrap();
        let kept = |purpose: &Purpose, later: i64| {
            let now = Timestamp::from_micros(NOW.as_micros() + later * 1_000_000);
            ceremonies.kept(purpose, now, &begun.token).map(|kept| kept.anybody)
        };
        assert_eq!((kept(ours, 0), kept(ours, 300)), (Ok(true), Ok(true)));
        // Also where the clock of the server that began it is a minute ahead, and no more.
        assert_eq!((kept(ours, -60), kept(ours, -61)), (Ok(true), Err(CeremonyError::Expired)));
        assert_eq!(
            (kept(ours, 301), kept(other, 0)),
            (Err(CeremonyError::Expired), Err(CeremonyError::Expired))
        );
        for token in ["", "AAA", "AAAAAAAA", "not base64!"] {
            let found = ceremonies.kept(ours, NOW, &Secret::new(token.to_owned()));
            assert!(matches!(found, Err(CeremonyError::Expired)), "{token}");
        }
    }

    #[test]
    fn what_is_no_credential_is_wrong() {
        let ceremonies = ceremonies();
        let terms = terms("http://localhost", purpose("a"));
        let begun = ceremonies.begin_registration(&terms, &OWNER, &[]).unwrap();
        for credential in ["", "{}", "[]", "{\"id\": 1}"] {
            assert_eq!(ceremonies.identify(credential), None);
            let shown = ShownCeremony { token: begun.token.clone(), credential: credential.to_owned() };
            assert_eq!(ceremonies.finish_registration(&terms, &shown), Err(CeremonyError::Wrong));
        }
    }
}
