//! The reviewed table of rights, `table.txt`, compared with `decide` cell by cell.
//!
//! Nothing writes the table but a person: it says what is right, and `decide` has to agree. A new state of a group or
//! of who asks takes a line in [`STATES`] and a section in the table, a new kind of person a line in [`PEOPLE`] and a
//! column.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure ends the test")]

mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use groupchat_domain::groups::Visibility;
use groupchat_domain::permissions::{
    BanTerm, BuiltInRole, Decision, Denial, Grant, GroupPermission, PermissionSet, Rank, Role,
    RoleDefinition, RoleName, Scope, Shortfall, Who, decide,
};
use groupchat_domain::time::Timestamp;

use table::{Section, Table};

/// Where a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Group(Visibility),
    Direct,
}

impl Place {
    const ALL: [Self; 4] = [
        Self::Group(Visibility::Public),
        Self::Group(Visibility::Closed),
        Self::Group(Visibility::Private),
        Self::Direct,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Group(visibility) => visibility.as_str(),
            Self::Direct => "direct",
        }
    }

    fn is_private(self) -> bool {
        self == Self::Group(Visibility::Private)
    }
}

/// The roles of the table: the built-in ones, and `Guest` and `Teacher`, which a group has defined.
fn role(name: &str, place: Place) -> Role {
    use GroupPermission::{DeleteAny, ManageRoles, MuteMembers, ReadHistory, RemoveMembers, Send, View};
    let custom = |rank, permissions: &[GroupPermission]| {
        let rank = Rank::parse(rank).unwrap();
        let definition = RoleDefinition { rank, permissions: PermissionSet::of(permissions) };
        Role::resolve(RoleName::parse(name).unwrap(), Some(definition), place.is_private()).unwrap()
    };
    match name {
        "Guest" => custom(3, &[View]),
        "Teacher" => {
            let may = [View, ReadHistory, Send, GroupPermission::React, DeleteAny];
            custom(30, &[&may[..], &[RemoveMembers, MuteMembers, ManageRoles]].concat())
        }
        "listener" => {
            let mut member = Role::unchanged(BuiltInRole::Member, place.is_private());
            member.permissions = member.permissions.without(Send);
            member
        }
        built_in => Role::unchanged(BuiltInRole::from_name(built_in).expect("a role"), place.is_private()),
    }
}

/// What is true of somebody who asks, whatever they ask.
struct Person {
    /// The name of the column.
    name: &'static str,
    /// The role in the group.
    role: Option<&'static str>,
    manages_groups: bool,
    is_banned: bool,
}

const fn member(role: &'static str) -> Person {
    Person { name: role, role: Some(role), manages_groups: false, is_banned: false }
}

const fn other(name: &'static str, manages_groups: bool, is_banned: bool) -> Person {
    Person { name, role: None, manages_groups, is_banned }
}

/// The columns.
const PEOPLE: [Person; 11] = [
    member("readonly"),
    member("member"),
    member("listener"),
    member("Teacher"),
    member("admin"),
    member("owner"),
    other("outsider", false, false),
    other("banned", false, true),
    other("root", true, false),
    Person { name: "root-in", role: Some("member"), manages_groups: true, is_banned: false },
    other("root-out", true, true),
];

/// What may be true of a group, and of who asks in it, at a time.
#[derive(Clone, Copy)]
struct State {
    name: &'static str,
    /// Whether it is one of direct conversations; `None` if it is one of every place.
    is_of_direct: Option<bool>,
    is_closed: bool,
    is_archived: bool,
    is_slow: bool,
    is_muted: bool,
}

/// The states that the table has a section for in each place.
const STATES: [State; 7] = {
    const USUAL: State = State {
        name: "usual",
        is_of_direct: None,
        is_closed: false,
        is_archived: false,
        is_slow: false,
        is_muted: false,
    };
    const GROUPS: State = State { is_of_direct: Some(false), ..USUAL };
    [
        USUAL,
        State { name: "archived", is_archived: true, ..GROUPS },
        State { name: "slow mode", is_slow: true, ..GROUPS },
        State { name: "archived, slow mode", is_archived: true, is_slow: true, ..GROUPS },
        State { name: "muted", is_muted: true, ..GROUPS },
        State { name: "muted, slow mode", is_muted: true, is_slow: true, ..GROUPS },
        State { name: "blocked", is_of_direct: Some(true), is_closed: true, ..USUAL },
    ]
};

impl State {
    fn is_of(self, place: Place) -> bool {
        self.is_of_direct.is_none_or(|is_of_direct| is_of_direct == (place == Place::Direct))
    }
}

/// What the rows of a section ask.
const QUESTIONS: [&str; 3] = ["permission", "remove_members of", "manage_roles giving"];

impl Person {
    /// What is decided for the person. Every field of what `decide` reads is named here, so that a new one doesn't
    /// compile until the table has it.
    fn decision(&self, place: Place, state: State, question: &str, row: &str) -> (GroupPermission, Decision) {
        let role_here = self.role.map(|name| role(name, place));
        let who = Who {
            role: role_here.as_ref(),
            manages_groups: self.manages_groups,
            ban: self.is_banned.then_some(BanTerm { until: None }),
            muted_until: state.is_muted.then_some(Timestamp::from_micros(9)),
        };
        let named = |permission: &str| GroupPermission::from_name(permission).expect("a permission");
        let (permission, other) = match question {
            "permission" => (named(row), None),
            about => (named(about.split(' ').next().unwrap()), Some(role(row, place))),
        };
        let scope = Scope {
            is_open: matches!(place, Place::Group(visibility) if visibility.is_listed()),
            is_direct: place == Place::Direct,
            is_closed: state.is_closed,
            is_archived: state.is_archived,
            slow_mode: state.is_slow.then_some(Duration::from_secs(9)),
            target: other.as_ref().filter(|_| question.ends_with("of")).map(|role| role.title.rank),
            gift: other.as_ref().filter(|_| question.ends_with("giving")),
        };
        (permission, decide(&who, permission, &scope))
    }
}

/// How the table writes a decision.
fn word(asked: GroupPermission, decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed(Grant::Role) => "yes",
        Decision::Allowed(Grant::Open) => "open",
        Decision::Allowed(Grant::ManagesGroups) => "manages",
        Decision::Allowed(Grant::Direct) => "direct",
        Decision::Denied(Denial::Role(Shortfall::Lacks(missing))) => {
            assert_eq!(missing, asked, "another permission is said to be missing");
            "-"
        }
        Decision::Denied(Denial::Role(Shortfall::Outranked)) => "rank",
        Decision::Denied(Denial::Role(Shortfall::GivesHigherRank)) => "higher",
        Decision::Denied(Denial::Role(Shortfall::GivesMore(_))) => "more",
        Decision::Denied(Denial::NotMember) => "outside",
        Decision::Denied(Denial::Banned(_)) => "banned",
        Decision::Denied(Denial::Archived) => "archived",
        Decision::Denied(Denial::Muted(_)) => "muted",
        Decision::Denied(Denial::SlowMode { .. }) => "slow",
        Decision::Denied(Denial::Direct) => "never",
        Decision::Denied(Denial::DirectClosed) => "closed",
    }
}

/// The cells of a section that `decide` contradicts.
fn wrong_cells(section: &Section) -> Vec<String> {
    let mut wrong = Vec::new();
    let state = STATES.into_iter().find(|state| state.name == section.state).expect("a state");
    let places = Place::ALL.into_iter().filter(|place| section.places.contains(&place.name()));
    for (place, (row, cells)) in places.flat_map(|place| section.rows.iter().map(move |row| (place, row))) {
        for (column, reviewed) in section.columns.iter().zip(cells) {
            let person = PEOPLE.iter().find(|person| person.name == *column).expect("a person");
            let (asked, decision) = person.decision(place, state, section.question, row);
            let decided = word(asked, decision);
            if decided != *reviewed {
                let (place, state, question) = (place.name(), section.state, section.question);
                wrong.push(format!(
                    "{place}, {state}, {question} {row}, as {column}: the table says {reviewed}, decide says {decided}"
                ));
            }
        }
    }
    wrong
}

#[test]
fn decide_agrees_with_each_cell_of_the_reviewed_table() {
    let wrong: Vec<_> = Table::read().sections.iter().flat_map(wrong_cells).collect();
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_has_each_state_of_each_place_once() {
    let mut expected: Vec<_> = Place::ALL
        .into_iter()
        .flat_map(|place| {
            STATES.into_iter().filter(move |state| state.is_of(place)).map(move |state| (place, state))
        })
        .map(|(place, state)| (place.name(), state.name, "permission"))
        .collect();
    let usual = Place::ALL.into_iter().filter(|place| *place != Place::Direct);
    let of_roles =
        usual.flat_map(|place| QUESTIONS[1..].iter().map(move |about| (place.name(), "usual", *about)));
    expected.extend(of_roles);
    let table = Table::read();
    let sections = table.sections.iter();
    let mut found: Vec<_> = sections
        .flat_map(|section| section.places.iter().map(|place| (*place, section.state, section.question)))
        .collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn each_section_has_all_permissions_and_people() {
    let permissions: Vec<_> = GroupPermission::ALL.iter().map(|permission| permission.as_str()).collect();
    let everybody: Vec<_> = PEOPLE.iter().map(|person| person.name).collect();
    // In a direct conversation, everybody is a plain member, and nobody is banned.
    let in_direct = ["member", "outsider", "root", "root-in"];
    let mut roles: BTreeSet<_> = PEOPLE.iter().filter_map(|person| person.role).collect();
    roles.extend(BuiltInRole::ALL.map(BuiltInRole::as_str));
    for section in &Table::read().sections {
        let place = &section.places;
        let columns = if place.contains(&"direct") { &in_direct[..] } else { &everybody };
        assert_eq!(section.columns, columns, "{place:?} {}", section.state);
        let rows: Vec<_> = section.rows.iter().map(|(row, _)| *row).collect();
        if section.question == "permission" {
            assert_eq!(rows, permissions, "{place:?} {}", section.state);
        } else {
            let missing: Vec<_> = roles.iter().filter(|role| !rows.contains(role)).collect();
            assert!(missing.is_empty(), "{place:?} {} lacks {missing:?}", section.question);
        }
    }
    let columns: BTreeSet<_> = PEOPLE.iter().filter_map(|person| person.role).collect();
    assert!(BuiltInRole::ALL.iter().all(|role| columns.contains(role.as_str())), "{columns:?}");
}

#[test]
fn each_word_of_the_legend_is_used_and_no_other() {
    let table = Table::read();
    let cells = table.sections.iter().flat_map(|section| section.rows.iter().flat_map(|(_, cells)| cells));
    let used: BTreeSet<_> = cells.copied().collect();
    assert_eq!(used, table.legend.iter().copied().collect());
}

#[test]
fn a_changed_cell_is_named() {
    let mut section = Table::read().sections.remove(0);
    let cell = &mut section.rows[2].1[0];
    assert_eq!(*cell, "-", "readonly sends nothing");
    *cell = "yes";
    section.places.truncate(1);
    let expected = "public, usual, permission send, as readonly: the table says yes, decide says -";
    assert_eq!(wrong_cells(&section), [expected]);
}
