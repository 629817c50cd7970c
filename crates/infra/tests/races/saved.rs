//! Races about drafts: two devices of one user at once.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::Actor;
use groupchat_domain::events::EventType;
use groupchat_domain::ids::{GroupId, Version};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::saved::{Draft, DraftText, SavedRefusal, find_draft, put_draft, remove_draft};
use groupchat_domain::storage::Tx;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;

/// How many devices write at once.
const DEVICES: usize = 4;

fn put(
    arena: &Arena,
    user: &Person,
    group: GroupId,
    words: &str,
    seen: Option<Version>,
) -> Result<Draft, Refusal> {
    let words = DraftText::parse(words).unwrap();
    arena.act(user.who, move |tx, actor| put_draft(tx, actor, (group, None), &words, seen))
}

fn remove(arena: &Arena, user: &Person, group: GroupId, seen: Option<Version>) -> Result<(), Refusal> {
    let remove = move |tx: &mut dyn Tx, actor: &Actor| remove_draft(tx, actor, (group, None), seen);
    arena.act(user.who, remove)
}

fn find(arena: &Arena, user: &Person, group: GroupId) -> Result<Draft, Refusal> {
    arena.act(user.who, move |tx, actor| find_draft(tx, actor, (group, None)))
}

/// Of devices that go on with the same version at once, one does, and the others are told of its version.
fn one_device_goes_on_with_a_draft(arena: &Arena) {
    let ann = arena.person();
    let group = arena.group(&[(&ann, BuiltInRole::Member)]);
    let ann = &ann;
    rounds(|round| {
        let begun = put(arena, ann, group, &format!("begun {round}"), None).unwrap();
        arena.news();
        let go_on = |device: usize| {
            part(move || put(arena, ann, group, &format!("device {device} in {round}"), Some(begun.version)))
        };
        let outcomes = at_once((0..DEVICES).map(go_on).collect());
        let went_on: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(went_on.len(), 1, "{outcomes:?}");
        for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(*refusal, SavedRefusal::DraftConflict { current: went_on[0].version }.into());
        }
        assert_eq!(find(arena, ann, group).as_ref(), Ok(went_on[0]));
        let told = arena.news().iter().filter(|event| event.event_type == EventType::DraftUpdated).count();
        assert_eq!(told, 1, "one change is told");
    });
}

/// Devices that look at nothing all write, one after the other: each has a version of its own, and the highest one stays.
fn drafts_that_are_written_blindly_have_versions_of_their_own(arena: &Arena) {
    rounds(|_| {
        let ann = arena.person();
        let group = arena.group(&[(&ann, BuiltInRole::Member)]);
        let ann = &ann;
        let write = |device: usize| part(move || put(arena, ann, group, &format!("device {device}"), None));
        let mut written: Vec<_> =
            at_once((0..DEVICES).map(write).collect()).into_iter().map(Result::unwrap).collect();
        written.sort_by_key(|draft| draft.version);
        assert!(written.windows(2).all(|two| two[0].version < two[1].version), "{written:?}");
        assert_eq!(find(arena, ann, group).as_ref(), Ok(&written[DEVICES - 1]));
    });
}

/// A draft that one device drops, as it was, while another goes on with it, is dropped or goes on.
fn a_draft_is_dropped_or_goes_on(arena: &Arena) {
    rounds(|round| {
        let ann = arena.person();
        let group = arena.group(&[(&ann, BuiltInRole::Member)]);
        let begun = put(arena, &ann, group, "begun", None).unwrap();
        let (ann, seen) = (&ann, Some(begun.version));
        let goes_on: Part<'_, Result<Option<Draft>, Refusal>> =
            part(move || put(arena, ann, group, "more", seen).map(Some));
        let mut parts = vec![part(move || remove(arena, ann, group, seen).map(|()| None))];
        parts.insert(round % 2, goes_on);
        let mut outcomes = at_once(parts);
        let went_on = outcomes.remove(round % 2);
        match (went_on, outcomes.remove(0)) {
            (Ok(Some(draft)), Err(refusal)) => {
                assert_eq!(refusal, SavedRefusal::DraftConflict { current: draft.version }.into());
                assert_eq!(find(arena, ann, group), Ok(draft));
            }
            (Err(refusal), Ok(None)) => {
                assert_eq!(refusal, SavedRefusal::DraftNotFound.into());
                assert_eq!(find(arena, ann, group), Err(SavedRefusal::DraftNotFound.into()));
            }
            both => panic!("one of them does something: {both:?}"),
        }
    });
}

cases! { once:
    one_device_goes_on_with_a_draft
    drafts_that_are_written_blindly_have_versions_of_their_own
    a_draft_is_dropped_or_goes_on
}
