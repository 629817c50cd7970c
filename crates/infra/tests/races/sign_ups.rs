//! Races about invites to the server.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, CONFIRMATION_LIFETIME, ClientInfo, Email, KNOWN_DEVICE_RETENTION,
    KNOWN_NETWORK_RETENTION, LoginPorts, MAX_PENDING_ACCOUNTS, NewPendingAccount, NoMail, NoWelcome,
    Password, PasswordHash, PendingAccount, RefreshTerms, UserDraft, Username,
};
use groupchat_domain::admissions::{
    AdmissionRefusal, Confirmation, InviteGroups, MaxUses, ServerInviteDraft, SignUp, SignUpOpening,
    SignUpPorts, confirm_sign_up, create_server_invite, revoke_server_invite, sign_up,
};
use groupchat_domain::codes::{SecretCode, SecretCodes};
use groupchat_domain::groups::Quotas;
use groupchat_domain::ids::{GroupId, ServerInviteId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::Person;
use crate::plain::{AnyNumberOfTries, NoJournal};
use crate::plain_hasher::PlainHasher;

const GONE: Refusal = Refusal::Admission(AdmissionRefusal::InviteNotFound);

struct Invite {
    id: ServerInviteId,
    code: SecretCode,
}

fn makes(arena: &Arena, maker: &Person, groups: &[GroupId], max_uses: i64) -> Invite {
    let code = RandomKeys.issue_code();
    let hash = RandomKeys.digest_code(&code);
    let draft = ServerInviteDraft {
        max_uses: Some(MaxUses::parse(max_uses).unwrap()),
        groups: InviteGroups::parse(groups.to_vec()).unwrap(),
        ..ServerInviteDraft::default()
    };
    let made = arena.act(maker.who, move |tx, actor| create_server_invite(tx, actor, &draft, hash));
    Invite { id: made.expect("an admin makes an invite").invite.id, code }
}

fn ports(arena: &Arena) -> SignUpPorts<'_> {
    SignUpPorts {
        login: LoginPorts {
            storage: arena.server(),
            hasher: &PlainHasher,
            keys: &RandomKeys,
            attempts: &AnyNumberOfTries,
            journal: &NoJournal,
            lifetime: Duration::from_secs(3600),
            refresh: RefreshTerms::default(),
            sessions_per_user: 9,
            networks_known_for: KNOWN_NETWORK_RETENTION,
            devices_known_for: KNOWN_DEVICE_RETENTION,
        },
        codes: &RandomKeys,
        welcome: Arc::new(NoWelcome),
        mails: &NoMail,
        opening: SignUpOpening::Confirmed,
        quotas: Quotas::UNLIMITED,
    }
}

fn signs_up(arena: &Arena, name: &str, invite: &Invite) -> Result<(), Refusal> {
    let wanted = SignUp {
        draft: UserDraft {
            username: Username::parse(name).unwrap(),
            display_name: None,
            email: None,
            is_admin: false,
            password: Password::parse("correct horse").unwrap(),
        },
        invite: Some(invite.code.clone()),
        refresh: false,
        device_name: None,
        client: ClientInfo::default(),
    };
    arena.wait_for(sign_up(ports(arena), wanted)).map(drop)
}

/// Of forty people who sign up by an invite with eight uses at once, eight get an account, and come into its groups.
fn an_invite_lets_in_as_many_as_it_says(arena: &Arena) {
    let root = arena.admin();
    let groups = [(); 2].map(|()| arena.group(&[(&root, BuiltInRole::Owner)]));
    let invite = makes(arena, &root, &groups, 8);
    let names: Vec<_> = (0..40).map(|number| format!("newcomer-{number}")).collect();
    let outcomes = at_once(names.iter().map(|name| part(|| signs_up(arena, name, &invite))).collect());
    let came_in = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == Err(GONE)).count();
    assert_eq!((came_in, refused), (8, 32), "{outcomes:?}");
    for group in groups {
        assert_eq!(arena.members(group).expect("the group is there").1.len(), 9);
    }
}

/// Two people want the same name at once: one gets it, and the other spends no use of the invite.
fn a_name_is_given_once_and_who_is_refused_spends_nothing(arena: &Arena) {
    let root = arena.admin();
    rounds(|round| {
        let invite = makes(arena, &root, &[], 2);
        let name = format!("twin-{round}");
        let outcomes = at_once((0..2).map(|_| part(|| signs_up(arena, &name, &invite))).collect());
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.contains(&Err(Refusal::Account(AccountRefusal::UsernameTaken))), "{outcomes:?}");
        assert_eq!(signs_up(arena, &format!("third-{round}"), &invite), Ok(()), "a use is left");
        assert_eq!(signs_up(arena, &format!("fourth-{round}"), &invite), Err(GONE));
    });
}

/// Nobody signs up by an invite after it was revoked.
fn nobody_signs_up_by_an_invite_that_is_over(arena: &Arena) {
    let root = arena.admin();
    rounds(|round| {
        let invite = makes(arena, &root, &[], 9);
        let (id, name) = (invite.id, format!("late-{round}"));
        let outcomes = at_once(vec![
            part(|| signs_up(arena, &name, &invite)),
            part(|| arena.act(root.who, move |tx, actor| revoke_server_invite(tx, actor, id))),
        ]);
        assert_eq!(outcomes[1], Ok(()));
        assert!([Ok(()), Err(GONE)].contains(&outcomes[0]), "{outcomes:?}");
        assert_eq!(signs_up(arena, &format!("later-{round}"), &invite), Err(GONE));
    });
}

/// A code that confirms an address is used by two at once: there is one account.
fn a_code_makes_one_account(arena: &Arena) {
    rounds(|round| {
        let code = RandomKeys.issue_code();
        let account = PendingAccount {
            username: Username::parse(&format!("pending-{round}")).unwrap(),
            display_name: None,
            email: Email::parse("ann@example.org").unwrap(),
            password: PasswordHash::from_stored("hash".to_owned()),
        };
        let hash = RandomKeys.digest_code(&code);
        arena.prepare(move |tx| {
            let (now, account) = (tx.now(), account.clone());
            let expires_at = now.plus(CONFIRMATION_LIFETIME);
            let pending = NewPendingAccount { account, code: hash, created_at: now, expires_at };
            tx.pending_accounts().insert(&pending, MAX_PENDING_ACCOUNTS).expect("the storage works");
        });
        let confirms = |name: String| {
            let username = Some(Username::parse(&name).unwrap());
            let (code, client) = (code.clone(), ClientInfo::default());
            let shown = Confirmation { code, username, refresh: false, device_name: None, client };
            arena.wait_for(confirm_sign_up(ports(arena), shown)).map(drop)
        };
        let confirms = &confirms;
        let parts = (0..4).map(|number| part(move || confirms(format!("confirmed-{round}-{number}"))));
        let outcomes = at_once(parts.collect());
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let gone = Err(Refusal::Admission(AdmissionRefusal::ConfirmationNotFound));
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == gone).count(), 3, "{outcomes:?}");
    });
}

cases! { once:
    a_code_makes_one_account
    an_invite_lets_in_as_many_as_it_says
    a_name_is_given_once_and_who_is_refused_spends_nothing
    nobody_signs_up_by_an_invite_that_is_over
}
