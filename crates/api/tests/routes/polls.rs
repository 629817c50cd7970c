//! Polls.

use std::time::Duration;

use groupchat_domain::polls::settle_all;
use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::events::all_transports::now;
use crate::harness::{Client, PASSWORD, Server, id_in};
use crate::operations::operations;

/// When the clock stands still: 2026-11-22T20:15:30Z.
const BEGIN: Timestamp = Timestamp::from_micros(1_795_378_530_000_000);

/// A group with an owner and two members.
async fn room(server: &Server) -> (Client, Client, Client, String) {
    let (ann, bob, cara) = (server.user("ann").await, server.user("bob").await, server.user("cara").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    ann.add(&group, &cara, "member").await;
    (ann, bob, cara, group)
}

/// Sends a poll with these terms, besides its options; its path.
async fn ask(client: &Client, group: &str, terms: Value) -> String {
    let mut poll = json!({"options": ["yes", "no", "maybe"]});
    poll.as_object_mut().expect("an object").extend(terms.as_object().expect("terms").clone());
    let sent =
        client.post(&format!("{group}/messages"), json!({"text": "When?", "poll": poll})).await.created();
    format!("{group}/messages/{}", sent["id"])
}

async fn vote(client: &Client, message: &str, options: &[i64]) -> Value {
    client.put(&format!("{message}/poll/vote"), json!({"options": options})).await.ok()
}

/// The votes of each option, of all, the voters, and one's own.
fn counts(poll: &Value) -> Value {
    let options: Vec<_> =
        poll["options"].as_array().expect("options").iter().map(|one| &one["votes"]).collect();
    json!([options, poll["votes"], poll["voters"], poll["my_votes"]])
}

/// The events of polls since a cursor: type, who did it, and the poll.
async fn told(client: &Client, since: &str) -> Vec<(String, Value, Value)> {
    let events = client.get(&format!("/api/events?cursor={since}")).await.ok();
    let events = events["items"].as_array().expect("events").clone();
    let polls =
        events.into_iter().filter(|event| event["type"].as_str().expect("a type").starts_with("poll."));
    let short = |event: Value| {
        let event_type = event["type"].as_str().expect("a type").to_owned();
        (event_type, event["actor_id"].clone(), event["data"]["poll"].clone())
    };
    polls.map(short).collect()
}

#[actix_web::test]
async fn members_vote_change_their_minds_and_see_the_counts() {
    let server = Server::start().await;
    let (ann, bob, cara, group) = room(&server).await;
    let message = ask(&ann, &group, json!({"max_choices": 2})).await;
    assert_eq!(counts(&ann.get(&message).await.ok()["poll"]), json!([[0, 0, 0], 0, 0, []]));
    assert_eq!(counts(&vote(&bob, &message, &[1, 2]).await), json!([[1, 1, 0], 2, 1, [1, 2]]));
    assert_eq!(counts(&vote(&cara, &message, &[2]).await), json!([[1, 2, 0], 3, 2, [2]]));
    assert_eq!(counts(&vote(&bob, &message, &[3]).await), json!([[0, 1, 1], 2, 2, [3]]));
    let page = ann.get(&format!("{group}/messages")).await.ok();
    assert_eq!(counts(&page["items"][0]["poll"]), json!([[0, 1, 1], 2, 2, []]));
    assert_eq!(page["items"][0]["version"], 1, "a vote is no change of the message");
    let voters = ann.get(&format!("{message}/poll/options/3/voters")).await.ok();
    assert_eq!((&voters["items"][0]["user"]["id"], &voters["next"]), (&json!(bob.id()), &json!(null)));
    for _ in 0..2 {
        let back = bob.delete(&format!("{message}/poll/vote")).await.ok();
        assert_eq!(counts(&back), json!([[0, 1, 0], 1, 1, []]));
    }
    let closed = ann.post_empty(&format!("{message}/poll/close")).await.ok();
    assert!(closed["closed_at"].is_string());
    bob.put(&format!("{message}/poll/vote"), json!({"options": [1]})).await.refused(409, "poll_closed");
    ann.delete(&message).await.no_content();
    assert_eq!(ann.get(&message).await.ok()["poll"], json!(null));
    bob.put(&format!("{message}/poll/vote"), json!({"options": [1]})).await.refused(409, "deleted");
}

#[actix_web::test]
async fn a_poll_is_also_a_reply_and_forwarded_as_its_question() {
    let server = Server::start().await;
    let (ann, bob, _, group) = room(&server).await;
    let root = ann.say_at(&group, "lunch").await;
    let poll = json!({"options": ["pizza", "soup"]});
    let draft = json!({"text": "what?", "poll": poll, "thread_id": id_in(&root), "client_id": "once"});
    let reply = bob.post(&format!("{group}/messages"), draft.clone()).await.created();
    assert_eq!(reply["poll"]["options"][1]["text"], "soup");
    assert_eq!(bob.post(&format!("{group}/messages"), draft).await.ok(), reply, "a repeat is the same");
    let path = format!("{group}/messages/{}", reply["id"]);
    vote(&ann, &path, &[1]).await;
    let copy = ann.post(&format!("{path}/forward"), json!({"group_id": id_in(&group)})).await.created();
    assert_eq!((&copy["text"], &copy["poll"]), (&json!("what?"), &json!(null)));
}

#[actix_web::test]
async fn results_are_shown_when_the_poll_says_on_every_way() {
    let server = Server::standing_at(BEGIN).await;
    let (ann, bob, cara, group) = room(&server).await;
    for results in ["after_vote", "after_close"] {
        let since = now(&ann).await;
        let message = ask(&ann, &group, json!({"results": results})).await;
        let voted = vote(&bob, &message, &[2]).await;
        let (hidden, shown) = (json!([[null, null, null], null, null, []]), json!([[0, 1, 0], 1, 1, [2]]));
        assert_eq!(counts(&cara.get(&message).await.ok()["poll"]), hidden);
        let voters = format!("{message}/poll/options/2/voters");
        cara.get(&voters).await.refused(403, "results_hidden");
        if results == "after_vote" {
            assert_eq!(counts(&voted), shown);
            bob.get(&voters).await.ok();
        } else {
            assert_eq!(counts(&voted), json!([[null, null, null], null, null, [2]]));
            bob.get(&voters).await.refused(403, "results_hidden");
        }
        cara.put_empty(&format!("{message}/like")).await.ok();
        let events = ann.get(&format!("/api/events?cursor={since}")).await;
        assert!(!events.expect(200).text().contains("\"votes\":1"), "{results}");
        ann.post_empty(&format!("{message}/poll/close")).await.ok();
        let (event, _, poll) = told(&ann, &since).await.pop().expect("an event");
        assert_eq!((event.as_str(), counts(&poll)), ("poll.closed", json!([[0, 1, 0], 1, 1, null])));
        assert_eq!(counts(&cara.get(&message).await.ok()["poll"]), json!([[0, 1, 0], 1, 1, []]));
        cara.get(&voters).await.ok();
    }
}

/// Others let the question be another one after it was answered (element-meta#2179).
#[actix_web::test]
async fn what_was_voted_on_stays_as_it_is() {
    let server = Server::start().await;
    let (ann, bob, _, group) = room(&server).await;
    let message = ask(&ann, &group, json!({})).await;
    ann.patch(&message, json!({"text": "When, then?"})).await.ok();
    let options = format!("{message}/poll/options");
    assert_eq!(ann.post(&options, json!({"text": "later"})).await.ok()["options"][3]["id"], 4);
    bob.post(&options, json!({"text": "never"})).await.refused(403, "not_author");
    vote(&bob, &message, &[4]).await;
    ann.patch(&message, json!({"text": "Where?"})).await.refused(409, "poll_has_votes");
    ann.patch(&message, json!({"text": "When, then?"})).await.ok();
    ann.post(&options, json!({"text": "never"})).await.refused(409, "poll_has_votes");
    bob.delete(&format!("{message}/poll/vote")).await.ok();
    ann.patch(&message, json!({"text": "Where?"})).await.refused(409, "poll_has_votes");
    ann.post(&options, json!({"text": "never"})).await.refused(409, "poll_has_votes");
    let open = ask(&ann, &group, json!({"options_by": "members"})).await;
    vote(&bob, &open, &[1]).await;
    bob.post(&format!("{open}/poll/options"), json!({"text": "never"})).await.ok();
    let again = bob.post(&format!("{open}/poll/options"), json!({"text": "NEVER"})).await.ok();
    assert_eq!(again["options"].as_array().unwrap().len(), 4);
    assert_eq!(ann.get(&open).await.ok()["text"], "When?");
}

/// Others show a closed poll as it was before its last votes (element-android#8447).
#[actix_web::test]
async fn the_end_of_a_poll_tells_its_last_votes() {
    let server = Server::standing_at(BEGIN).await;
    let (ann, bob, cara, group) = room(&server).await;
    let since = now(&ann).await;
    let message = ask(&ann, &group, json!({})).await;
    for (voter, option) in [(&ann, 1), (&bob, 2), (&cara, 2), (&bob, 3)] {
        vote(voter, &message, &[option]).await;
    }
    let events = told(&ann, &since).await;
    assert_eq!(events.len(), 1, "the first vote, and others not so soon: {events:?}");
    // Events that are read later have what is so now.
    assert_eq!(counts(&events[0].2), json!([[1, 1, 1], 3, 3, null]));
    ann.post_empty(&format!("{message}/poll/close")).await.ok();
    server.advance_clock(Duration::from_secs(1));
    settle_all(&*server.state().storage).await.unwrap();
    let events = told(&ann, &since).await;
    let types: Vec<_> = events.iter().map(|(event, ..)| event.as_str()).collect();
    assert_eq!(types, ["poll.voted", "poll.closed"]);
    assert_eq!(counts(&events[1].2), json!([[1, 1, 1], 3, 3, null]));
}

#[actix_web::test]
async fn votes_are_told_twice_a_second_and_a_poll_closes_at_its_time() {
    let server = Server::standing_at(BEGIN).await;
    let (ann, bob, cara, group) = room(&server).await;
    let since = now(&ann).await;
    let message = ask(&ann, &group, json!({"closes_at": "2026-11-22T20:15:32Z"})).await;
    vote(&ann, &message, &[1]).await;
    vote(&bob, &message, &[1]).await;
    let wait = settle_all(&*server.state().storage).await.unwrap();
    assert_eq!((wait, told(&ann, &since).await.len()), (Some(Duration::from_millis(500)), 1));
    server.advance_clock(Duration::from_secs(1));
    let wait = settle_all(&*server.state().storage).await.unwrap();
    assert_eq!((wait, told(&ann, &since).await.len()), (Some(Duration::from_secs(1)), 2));
    server.advance_clock(Duration::from_secs(1));
    // The clock has not come to it yet.
    cara.put(&format!("{message}/poll/vote"), json!({"options": [1]})).await.refused(409, "poll_closed");
    assert_eq!(settle_all(&*server.state().storage).await.unwrap(), None);
    let (event, actor, poll) = told(&ann, &since).await.pop().expect("an event");
    assert_eq!((event.as_str(), actor), ("poll.closed", json!(null)));
    assert_eq!((counts(&poll), &poll["closed_at"]), (json!([[2, 0, 0], 2, 2, null]), &poll["closes_at"]));
}

#[actix_web::test]
async fn what_is_wrong_with_a_poll_is_told() {
    let server = Server::start().await;
    let (ann, bob, _, group) = room(&server).await;
    let messages = format!("{group}/messages");
    let asks = |poll: Value| json!({"text": "When?", "poll": poll});
    for (poll, field) in [
        (json!({"options": ["a"]}), "poll.options"),
        (json!({"options": ["a", "A"]}), "poll.options"),
        (json!({"options": ["a", "b"], "max_choices": 3}), "poll.max_choices"),
        (json!({"options": ["a", "b"], "closes_at": "2001-01-01T00:00:00Z"}), "poll.closes_at"),
        (json!({"options": ["a", "b"], "closes_at": "2101-01-01T00:00:00Z"}), "poll.closes_at"),
    ] {
        let refused = ann.post(&messages, asks(poll)).await.refused(400, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field);
    }
    let message = ask(&ann, &group, json!({"anonymous": true})).await;
    let vote = format!("{message}/poll/vote");
    bob.put(&vote, json!({"options": [4]})).await.refused(404, "option_not_found");
    bob.put(&vote, json!({"options": [1, 2]})).await.refused(409, "too_many_choices");
    bob.put(&vote, json!({"options": []})).await.refused(400, "validation_failed");
    bob.get(&format!("{message}/poll/options/1/voters")).await.refused(403, "poll_anonymous");
    let plain = ann.say_at(&group, "hello").await;
    bob.put(&format!("{plain}/poll/vote"), json!({"options": [1]})).await.refused(404, "poll_not_found");
    bob.post_empty(&format!("{message}/poll/close")).await.refused(403, "role_too_low");
}

/// What everybody can see, and what the voters get as their exports, in a world where two have voted like this in a poll with
/// results that are shown then. Every list has the poll, and whoever looks votes in the end.
async fn seen(first: i64, second: i64, results: &str) -> Vec<String> {
    let server = Server::standing_at(BEGIN).await;
    let root = server.admin("root").await;
    let (ann, bob, cara, group) = room(&server).await;
    let since = now(&cara).await;
    let epoch = since.split_once('-').expect("a cursor").0.to_owned();
    let message = ask(&cara, &group, json!({"anonymous": true, "results": results})).await;
    ann.put_empty(&format!("{message}/pin")).await.ok();
    cara.put(&format!("/api/messages/{}/bookmark", id_in(&message)), json!({})).await.ok();
    let at = "2026-11-23T00:00:00Z";
    cara.post(&format!("/api/messages/{}/reminder", id_in(&message)), json!({"at": at})).await.ok();
    cara.post(&format!("{group}/messages"), json!({"text": "well", "thread_id": id_in(&message)}))
        .await
        .created();
    cara.post(&format!("{group}/messages"), json!({"text": "so?", "reply_to": id_in(&message)}))
        .await
        .created();
    vote(&ann, &message, &[first]).await;
    vote(&bob, &message, &[second]).await;
    let mut seen = Vec::new();
    for stage in ["looks on", "has voted", "closed"] {
        match stage {
            "has voted" => drop(vote(&cara, &message, &[3]).await),
            "closed" => drop(cara.post_empty(&format!("{message}/poll/close")).await.ok()),
            _ => {}
        }
        for operation in operations(&server).await {
            let is_read = operation.method == actix_web::http::Method::GET;
            let goes_on = ["/api/events/stream", "/api/events/socket"].contains(&operation.template.as_str());
            if !is_read || goes_on {
                continue;
            }
            let path = operation
                .template
                .replace("/api/groups/{group_id}", &group)
                .replace("{message_id}", &id_in(&message).to_string())
                .replace("{user_id}", &ann.id().to_string())
                .replace("{option_id}", "1");
            for client in [&cara, &root] {
                let answer = client.call(actix_web::http::Method::GET, &path, None).await;
                seen.push(format!("{path} {}", answer.text()));
            }
        }
        let events = cara.get(&format!("/api/events?cursor={since}")).await;
        seen.push(events.expect(200).text().to_owned());
    }
    for voter in [&ann, &bob, &cara] {
        let export = voter.post("/api/users/me/export", json!({"password": PASSWORD})).await;
        seen.push(export.expect(200).text().to_owned());
    }
    seen.into_iter().map(|text| text.replace(&epoch, "epoch")).collect()
}

/// The same votes by others look the same to all but those who gave them, on every route, in events and exports.
#[actix_web::test]
async fn nobody_learns_who_has_voted_for_what_in_an_anonymous_poll() {
    for results in ["always", "after_vote", "after_close"] {
        let (one, other) = (seen(1, 2, results).await, seen(2, 1, results).await);
        assert!(one.len() > 150 && one.len() == other.len(), "{}", one.len());
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other, "{results}");
        }
        // It is looked for where it is, and nobody is named there.
        let polls = one.iter().filter(|text| text.contains("\"anonymous\":true")).count();
        assert!(polls > 20, "{polls}");
        assert!(one.iter().all(|text| !text.contains("\"voters\":[")), "{results}");
    }
}

/// The first voters of each option, by their names.
fn voters(poll: &Value) -> Value {
    let of_option = |option: &Value| match &option["voters"] {
        Value::Array(voters) => voters.iter().map(|voter| voter["username"].clone()).collect(),
        hidden => hidden.clone(),
    };
    poll["options"].as_array().expect("options").iter().map(of_option).collect()
}

/// What the lists show that have this message, of each the poll.
async fn shown_in_lists(client: &Client, group: &str, message: &str) -> Vec<Value> {
    let id = id_in(message);
    let mut shown = vec![client.get(message).await.ok()["poll"].clone()];
    for (path, pointer) in [
        (format!("{group}/messages"), ""),
        (format!("{group}/messages?after=0"), ""),
        (format!("{group}/pins"), ""),
        ("/api/bookmarks".to_owned(), "/message"),
        ("/api/reminders".to_owned(), "/message"),
    ] {
        let listed = client.list(&path, pointer).await;
        let poll = listed.iter().find(|listed| listed["id"] == id).map(|listed| listed["poll"].clone());
        shown.push(poll.unwrap_or_else(|| panic!("{path} has the poll")));
    }
    shown
}

#[actix_web::test]
async fn the_first_voters_of_an_open_poll_are_shown_to_those_who_see_its_results() {
    let server = Server::standing_at(BEGIN).await;
    let (ann, bob, cara, group) = room(&server).await;
    let since = now(&ann).await;
    for (terms, looking, voted, closed) in [
        (json!({}), true, true, true),
        (json!({"results": "after_vote"}), false, true, true),
        (json!({"results": "after_close"}), false, false, true),
        (json!({"anonymous": true}), false, false, false),
    ] {
        let message = ask(&ann, &group, terms.clone()).await;
        ann.put_empty(&format!("{message}/pin")).await.ok();
        for client in [&ann, &cara] {
            client.put(&format!("/api/messages/{}/bookmark", id_in(&message)), json!({})).await.ok();
            let at = json!({"at": "2026-11-23T00:00:00Z"});
            client.post(&format!("/api/messages/{}/reminder", id_in(&message)), at).await.ok();
        }
        let hidden = json!([null, null, null]);
        // The names of what one votes for twice are shown once, in the order in which they came.
        for (voter, option) in [(&cara, 2), (&bob, 2), (&cara, 1), (&cara, 2)] {
            let answer = vote(voter, &message, &[option]).await;
            assert_eq!(voters(&answer), hidden, "they are left out of what is about the poll alone");
        }
        let names = json!([[], ["bob", "cara"], []]);
        let expected = |is_shown: bool| if is_shown { &names } else { &hidden };
        for (client, is_shown) in [(&ann, looking), (&cara, voted)] {
            for poll in shown_in_lists(client, &group, &message).await {
                assert_eq!(voters(&poll), *expected(is_shown), "{terms}");
            }
        }
        ann.post_empty(&format!("{message}/poll/close")).await.ok();
        assert_eq!(voters(&ann.get(&message).await.ok()["poll"]), *expected(closed), "{terms}");
    }
    let events = ann.get(&format!("/api/events?cursor={since}")).await;
    assert!(!events.expect(200).text().contains("\"voters\":["), "events are the same for everyone");
}

#[actix_web::test]
async fn five_voters_are_shown_and_others_take_the_places_of_those_who_go() {
    let server = Server::start().await;
    let (ann, bob, _, group) = room(&server).await;
    let message = ask(&ann, &group, json!({})).await;
    let mut people = Vec::new();
    for name in ["ed", "fay", "gus", "hal", "ivy"] {
        let person = server.user(name).await;
        ann.add(&group, &person, "member").await;
        vote(&person, &message, &[1]).await;
        people.push(person);
    }
    vote(&bob, &message, &[1]).await;
    vote(&ann, &message, &[1]).await;
    let shown = async || voters(&bob.get(&message).await.ok()["poll"])[0].clone();
    assert_eq!(shown().await, json!(["ed", "fay", "gus", "hal", "ivy"]));
    people[1].delete(&format!("{message}/poll/vote")).await.ok();
    assert_eq!(
        shown().await,
        json!(["ed", "gus", "hal", "ivy", "ann"]),
        "the one with the lowest id of the others"
    );
    vote(&people[0], &message, &[2]).await;
    assert_eq!(shown().await, json!(["gus", "hal", "ivy", "ann", "bob"]));
    vote(&people[0], &message, &[1]).await;
    let poll = ann.get(&message).await.ok()["poll"].clone();
    assert_eq!((&poll["options"][0]["votes"], shown().await.as_array().unwrap().len()), (&json!(6), 5));
}
