//! The table of commands covers the domain, and the histories drawn from it get somewhere.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use groupchat_domain::accounts::AccountRefusal;
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::messages::MessageRefusal;
use groupchat_domain::saved::SavedRefusal;
use groupchat_domain::{Error, Refusal};
use groupchat_simulation::commands::Command;
use groupchat_simulation::history::{History, World, settle};
use groupchat_testing::Dice;

/// Public functions that are no use cases: pure rules, which use cases ask.
const RULES: &[&str] = &[
    "permissions::decide",
    "permissions::decide_server",
    "messages::find_marks",
    "messages::markdown",
    "messages::shown_name",
];

/// The public functions of the domain's features, as `feature::name` or `module::name`: those that their `mod.rs`
/// exports, and those of its public modules.
fn use_cases() -> BTreeSet<String> {
    let domain = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&domain).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(folder.join("mod.rs")) else { continue };
        let feature = folder.file_name().unwrap().to_str().unwrap();
        let exports =
            text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next()?.split_once("::"));
        let names = exports.flat_map(|(_, names)| names.split(['{', '}', ',', ' ', '\n']));
        let functions = names.filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()));
        found.extend(functions.map(|name| format!("{feature}::{name}")));
        for module in modules_of(&text) {
            let functions = functions_of(&folder.join(format!("{module}.rs")));
            found.extend(functions.into_iter().map(|name| format!("{module}::{name}")));
        }
    }
    found.retain(|name| !RULES.contains(&name.as_str()));
    found
}

fn modules_of(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    lines.map(str::to_owned).collect()
}

fn functions_of(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let starts = ["pub fn ", "pub async fn "];
    let functions = text.lines().filter_map(|line| starts.iter().find_map(|start| line.strip_prefix(start)));
    functions.filter_map(|rest| rest.split(['(', '<']).next()).map(str::to_owned).collect()
}

#[test]
fn every_use_case_of_the_domain_is_in_the_table_of_commands() {
    let covered: BTreeSet<String> = Command::USE_CASES.iter().map(|path| path.replace(' ', "")).collect();
    let all = use_cases();
    assert!(all.contains("messages::send") && all.contains("operator::set_admin"), "{all:?}");
    let missing: Vec<_> = all.difference(&covered).collect();
    assert!(missing.is_empty(), "crates/simulation/src/commands/all.rs lacks {missing:?}");
    let stale: Vec<_> = covered.difference(&all).collect();
    assert!(stale.is_empty(), "the domain has no {stale:?} any more");
}

/// Every kind of refusal that a history of this length can come to.
const REFUSALS: &[&str] = &[
    "Account(CurrentPasswordRequired)",
    "Account(InsufficientScope)",
    "Account(InvalidCredentials)",
    "Account(IsBot)",
    "Account(LastAdmin)",
    "Account(NotPermitted)",
    "Account(PasswordChangeRequired)",
    "Account(ProvisionedKey)",
    "Account(RefreshTokenInvalid)",
    "Account(RefreshTokenReused)",
    "Account(ResetNotFound)",
    "Account(RoleFixed)",
    "Account(RoleNameTaken)",
    "Account(RoleNotFound)",
    "Account(SessionNotFound)",
    "Account(Suspended)",
    "Account(TicketInvalid)",
    "Account(Unauthenticated)",
    "Account(UserNotFound)",
    "Account(UsernameTaken)",
    "Account(WrongPassword)",
    "Admission(ConfirmationNotFound)",
    "Admission(InvitationNotFound)",
    "Admission(InviteNotFound)",
    "Admission(JoinRequestNotFound)",
    "Admission(LinkNotFound)",
    "Admission(SignUpClosed)",
    "Bot(NotFound)",
    "Bot(NotOwner)",
    "Factor(AlreadySetUp)",
    "Factor(CodeRequired)",
    "Factor(NotSetUp)",
    "Factor(RefusedPasskey)",
    "Factor(WrongCode)",
    "Factor(WrongPasskey)",
    "Group(AlreadyMember)",
    "Group(Archived)",
    "Group(Banned)",
    "Group(Direct)",
    "Group(DirectClosed)",
    "Group(QuotaExceeded { quota: DirectConversations, limit: 3 })",
    "Group(LastOwner)",
    "Group(MemberNotFound)",
    "Group(MembersOnly)",
    "Group(Muted)",
    "Group(NameTaken)",
    "Group(NotFound)",
    "Group(QuotaExceeded { quota: OwnedGroups, limit: 3 })",
    "Group(ReceiptsHidden)",
    "Group(ReceiptsOff)",
    "Group(RoleFixed)",
    "Group(RoleNameTaken)",
    "Group(RoleNotFound)",
    "Group(RoleTooLow)",
    "Group(SlowMode)",
    "Invalid",
    "Message(Deleted)",
    "Message(NoThread)",
    "Message(NotAuthor)",
    "Message(NotFound)",
    "Message(NotRoot)",
    "Message(TooLate)",
    "Message(VersionConflict)",
    "Poll(Anonymous)",
    "Poll(Closed)",
    "Poll(HasVotes)",
    "Poll(NoPoll)",
    "Poll(ResultsHidden)",
    "Poll(TooManyChoices { max: 1 })",
    "Poll(UnknownOption)",
    "Saved(DraftConflict)",
    "Saved(DraftNotFound)",
    "Scheduled(NotFound)",
    "Token(NotFound)",
];

/// Those that few histories come to, so that another table of commands may miss them.
const RARE: &[&str] = &[
    "Factor(InvalidCode)",
    "Group(QuotaExceeded { quota: Members, limit: 4 })",
    "Group(QuotaExceeded { quota: Memberships, limit: 5 })",
    "Group(RoleInUse)",
];

#[test]
fn every_command_succeeds_in_some_histories_and_others_meet_every_kind_of_refusal() {
    let (mut done, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..1_000 {
        let history = History::draw(&mut Dice::new(seed), 400);
        let mut world = World::model();
        for step in history.0 {
            match settle(world.take(step)).answer {
                Ok(_) => drop(done.insert(step.command.name())),
                Err(Error::Refused(Refusal::Invalid(_))) => drop(refused.insert("Invalid".to_owned())),
                Err(Error::Refused(Refusal::Account(AccountRefusal::NotPermitted(_)))) => {
                    refused.insert("Account(NotPermitted)".to_owned());
                }
                Err(Error::Refused(Refusal::Group(GroupRefusal::RoleTooLow(_)))) => {
                    refused.insert("Group(RoleTooLow)".to_owned());
                }
                Err(Error::Refused(Refusal::Group(GroupRefusal::SlowMode { .. }))) => {
                    refused.insert("Group(SlowMode)".to_owned());
                }
                Err(Error::Refused(Refusal::Group(GroupRefusal::Banned(_)))) => {
                    refused.insert("Group(Banned)".to_owned());
                }
                Err(Error::Refused(Refusal::Group(GroupRefusal::Muted { .. }))) => {
                    refused.insert("Group(Muted)".to_owned());
                }
                Err(Error::Refused(Refusal::Message(MessageRefusal::TooLate { .. }))) => {
                    refused.insert("Message(TooLate)".to_owned());
                }
                Err(Error::Refused(Refusal::Message(MessageRefusal::VersionConflict { .. }))) => {
                    refused.insert("Message(VersionConflict)".to_owned());
                }
                Err(Error::Refused(Refusal::Saved(SavedRefusal::DraftConflict { .. }))) => {
                    refused.insert("Saved(DraftConflict)".to_owned());
                }
                Err(Error::Refused(refusal)) => drop(refused.insert(format!("{refusal:?}"))),
                Err(error) => panic!("{step:?}: {error}"),
            }
        }
    }
    assert_eq!(done, BTreeSet::from_iter(Command::NAMES.iter().copied()), "some are never done");
    refused.retain(|refusal| !RARE.contains(&refusal.as_str()));
    assert_eq!(refused, REFUSALS.iter().map(|refusal| (*refusal).to_owned()).collect());
}
