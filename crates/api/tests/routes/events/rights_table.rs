//! Who may see what, as a table: what happens while Bob is in a group or not, what he is told of it as it happens, and
//! what he is told who comes back afterwards.

use serde_json::{Value, json};

use super::all_transports::{AllTransports, now};
use crate::harness::{Client, Listening, Server};

/// What happens in Ann's group.
#[derive(Clone, Copy)]
enum Step {
    AnnSays(&'static str),
    AnnEdits(&'static str),
    AnnDeletes(&'static str),
    AnnLikes(&'static str),
    AnnDescribesIt,
    AnnHidesIt,
    AnnShowsIt,
    AnnKeepsThePastFromWhoComes,
    AnnDeletesIt,
    AnnAddsBob,
    AnnPromotesBob,
    AnnRemovesBob,
    BobJoins,
    BobLeaves,
    CyJoins,
    CyLeaves,
}

use Step::*;

/// A row: what happens, what Bob is told meanwhile, what he is told of the same afterwards.
struct Row {
    name: &'static str,
    steps: &'static [Step],
    live: &'static [&'static str],
    replayed: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        name: "a stranger is told of the group, not of what is said in it, nor who is in it",
        steps: &[
            AnnSays("1"),
            AnnEdits("1"),
            AnnLikes("1"),
            CyJoins,
            AnnDescribesIt,
            CyLeaves,
            AnnDeletes("1"),
        ],
        live: &["group.updated"],
        replayed: &["group.updated"],
    },
    Row {
        name: "a member is told of everything; what was said is shown as it is now",
        steps: &[BobJoins, AnnSays("1"), AnnEdits("1"), AnnLikes("1"), CyJoins, AnnDescribesIt, CyLeaves],
        live: &[
            "member.added Bob",
            "message.created 1",
            "message.updated 1 edited",
            "message.liked 1 edited",
            "member.added Cy",
            "group.updated",
            "member.removed Cy",
        ],
        replayed: &[
            "member.added Bob",
            "message.created 1 edited",
            "message.updated 1 edited",
            "message.liked 1 edited",
            "group.updated",
            "member.removed Cy",
        ],
    },
    Row {
        name: "what was deleted is replayed without its text",
        steps: &[BobJoins, AnnSays("1"), AnnDeletes("1"), AnnSays("2")],
        live: &["member.added Bob", "message.created 1", "message.deleted 1 deleted", "message.created 2"],
        replayed: &[
            "member.added Bob",
            "message.created 1 deleted",
            "message.deleted 1 deleted",
            "message.created 2",
        ],
    },
    Row {
        name: "who joins is told of what comes after, not of what came before",
        steps: &[AnnSays("1"), BobJoins, AnnSays("2")],
        live: &["member.added Bob", "message.created 2"],
        replayed: &["member.added Bob", "message.created 2"],
    },
    Row {
        name: "who is added and made an admin is told so",
        steps: &[AnnAddsBob, AnnPromotesBob, AnnSays("1")],
        live: &["member.added Bob", "member.updated Bob", "message.created 1"],
        replayed: &["member.added Bob", "member.updated Bob", "message.created 1"],
    },
    Row {
        name: "who leaves is told so and nothing more, later not even what they were in the group for",
        steps: &[AnnAddsBob, AnnSays("1"), BobLeaves, AnnSays("2"), AnnEdits("1"), CyJoins],
        live: &["member.added Bob", "message.created 1", "member.removed Bob"],
        replayed: &["member.removed Bob"],
    },
    Row {
        name: "who is removed is told so and nothing more",
        steps: &[BobJoins, AnnSays("1"), AnnRemovesBob, AnnSays("2")],
        live: &["member.added Bob", "message.created 1", "member.removed Bob"],
        replayed: &["member.removed Bob"],
    },
    Row {
        name: "who comes again is told from then on",
        steps: &[BobJoins, AnnSays("1"), BobLeaves, AnnSays("2"), BobJoins, AnnSays("3"), AnnEdits("2")],
        live: &[
            "member.added Bob",
            "message.created 1",
            "member.removed Bob",
            "member.added Bob",
            "message.created 3",
            "message.updated 2 edited",
        ],
        replayed: &[
            "member.removed Bob",
            "member.added Bob",
            "message.created 3",
            "message.updated 2 edited",
        ],
    },
    Row {
        name: "who comes, goes and comes within a moment is told of each",
        steps: &[AnnAddsBob, AnnRemovesBob, AnnAddsBob, AnnRemovesBob, AnnSays("1")],
        live: &["member.added Bob", "member.removed Bob", "member.added Bob", "member.removed Bob"],
        replayed: &["member.removed Bob", "member.removed Bob"],
    },
    Row {
        name: "the end of a group is told to its members, of whom nobody sees later what was in it",
        steps: &[BobJoins, AnnSays("1"), AnnDeletesIt],
        live: &["member.added Bob", "message.created 1", "group.deleted"],
        replayed: &["group.deleted"],
    },
    Row {
        name: "the end of a public group is told to everybody",
        steps: &[AnnSays("1"), AnnDeletesIt],
        live: &["group.deleted"],
        replayed: &["group.deleted"],
    },
    Row {
        name: "who left before the end is told of both",
        steps: &[BobJoins, BobLeaves, AnnSays("1"), AnnDeletesIt],
        live: &["member.added Bob", "member.removed Bob", "group.deleted"],
        replayed: &["member.removed Bob", "group.deleted"],
    },
    Row {
        name: "who does not see a group any more is told so once, and later not what it was or is called",
        steps: &[AnnDescribesIt, AnnHidesIt, AnnSays("1"), AnnKeepsThePastFromWhoComes],
        live: &["group.updated", "group.hidden"],
        replayed: &["group.hidden"],
    },
    Row {
        name: "who is in a group that is hidden is told of it as of any change",
        steps: &[BobJoins, AnnHidesIt, AnnSays("1")],
        live: &["member.added Bob", "group.updated", "message.created 1"],
        replayed: &["member.added Bob", "group.updated", "message.created 1"],
    },
    Row {
        name: "a group that can be seen again has been created, for those who did not see it",
        steps: &[AnnHidesIt, AnnShowsIt, AnnDescribesIt],
        live: &["group.hidden", "group.created", "group.updated"],
        replayed: &["group.hidden", "group.created", "group.updated"],
    },
    Row {
        name: "who comes into a private group is shown it, and is told that they are out again",
        steps: &[AnnHidesIt, AnnAddsBob, AnnSays("1"), AnnRemovesBob, AnnDescribesIt],
        live: &[
            "group.hidden",
            "member.added Bob",
            "group.created",
            "message.created 1",
            "member.removed Bob",
        ],
        replayed: &["group.hidden", "member.removed Bob"],
    },
    Row {
        name: "the end of a private group is told to those who were in it, also later",
        steps: &[AnnHidesIt, AnnAddsBob, AnnDeletesIt],
        live: &["group.hidden", "member.added Bob", "group.created", "group.deleted"],
        replayed: &["group.hidden", "group.deleted"],
    },
    Row {
        name: "the end of a private group is not told to who left before",
        steps: &[AnnHidesIt, AnnAddsBob, BobLeaves, AnnDeletesIt],
        live: &["group.hidden", "member.added Bob", "group.created", "member.removed Bob"],
        replayed: &["group.hidden", "member.removed Bob"],
    },
    Row {
        name: "who may not read what was said before is not told what becomes of it",
        steps: &[
            AnnSays("1"),
            AnnKeepsThePastFromWhoComes,
            BobJoins,
            AnnEdits("1"),
            AnnLikes("1"),
            AnnSays("2"),
            AnnEdits("2"),
            AnnDeletes("1"),
        ],
        live: &["group.updated", "member.added Bob", "message.created 2", "message.updated 2 edited"],
        replayed: &[
            "group.updated",
            "member.added Bob",
            "message.created 2 edited",
            "message.updated 2 edited",
        ],
    },
];

/// Ann's group, and who has to do with it.
struct Stage {
    ann: Client,
    bob: Client,
    cy: Client,
    group: String,
}

impl Stage {
    async fn take(&self, step: Step) {
        let Self { ann, bob, cy, group } = self;
        let members = format!("{group}/members");
        let (bobs, cys) = (format!("{members}/{}", bob.id()), format!("{members}/{}", cy.id()));
        match step {
            AnnSays(text) => drop(ann.say(group, text).await),
            AnnEdits(text) => {
                let changes = json!({"text": format!("{text}, edited")});
                ann.patch(&self.message(text).await, changes).await.ok();
            }
            AnnDeletes(text) => ann.delete(&self.message(text).await).await.no_content(),
            AnnLikes(text) => {
                ann.put_empty(&format!("{}/like", self.message(text).await)).await.ok();
            }
            AnnDescribesIt => {
                drop(ann.patch(group, json!({"description": "About something else"})).await.ok())
            }
            AnnHidesIt => drop(ann.patch(group, json!({"visibility": "private"})).await.ok()),
            AnnShowsIt => drop(ann.patch(group, json!({"visibility": "closed"})).await.ok()),
            AnnKeepsThePastFromWhoComes => drop(ann.patch(group, json!({"history": "joined"})).await.ok()),
            AnnDeletesIt => ann.delete(group).await.no_content(),
            AnnAddsBob => drop(ann.add(group, bob, "member").await),
            AnnPromotesBob => drop(ann.patch(&bobs, json!({"role": "admin"})).await.ok()),
            AnnRemovesBob => ann.delete(&bobs).await.no_content(),
            BobJoins => drop(bob.post_empty(&format!("{group}/join")).await.created()),
            BobLeaves => bob.delete(&bobs).await.no_content(),
            CyJoins => drop(cy.post_empty(&format!("{group}/join")).await.created()),
            CyLeaves => cy.delete(&cys).await.no_content(),
        }
    }

    /// The path of the message that had this text, with or without what was added to it.
    async fn message(&self, text: &str) -> String {
        let path = format!("{}/messages", self.group);
        let page = self.ann.get(&path).await.ok();
        let is = |message: &&Value| message["text"].as_str().is_some_and(|there| there.starts_with(text));
        let message = page["items"].as_array().expect("items").iter().find(is).expect("it was said");
        format!("{path}/{}", message["id"])
    }
}

/// Makes something happen that everybody is told of; and what is told before.
async fn mark_after(name: &str, all: &mut AllTransports, stage: &Stage) -> (Vec<String>, Value) {
    stage.ann.patch("/api/users/me", json!({"display_name": name})).await.ok();
    told_until(|event| event["type"] == "user.updated" && event["data"]["display_name"] == name, all, stage)
        .await
}

/// What is told up to a mark, in short; and the cursor of the mark. Other marks are passed over.
async fn told_until(
    is_last: impl Fn(&Value) -> bool,
    all: &mut AllTransports,
    stage: &Stage,
) -> (Vec<String>, Value) {
    let mut told = Vec::new();
    loop {
        let each = all.next_of_each().await;
        if is_last(&each[0]) {
            return (told, each[0]["cursor"].clone());
        }
        if each[0]["type"] == "user.updated" {
            continue;
        }
        let [event, others @ ..] = each.map(|event| in_short(&event, stage));
        assert!(others.iter().all(|other| *other == event), "{event}, {others:?}");
        told.push(event);
    }
}

/// The type of an event, with a message's number and what has become of it, or a member's name.
fn in_short(event: &Value, stage: &Stage) -> String {
    let data = &event["data"];
    let name = |id: &Value| if *id == stage.bob.id() { "Bob" } else { "Cy" }.to_owned();
    let event_type = event["type"].as_str().expect("an event has a type");
    let about = match event_type {
        "member.added" | "member.updated" => name(&data["user"]["id"]),
        "member.removed" => name(&data["id"]),
        _ => data["seq"].as_i64().map(|seq| seq.to_string()).unwrap_or_default(),
    };
    let became = ["edited", "deleted"].into_iter().filter(|what| !data[format!("{what}_at")].is_null());
    [event_type, &about]
        .into_iter()
        .chain(became)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[actix_web::test]
async fn everybody_is_told_what_they_may_see() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    for (number, row) in ROWS.iter().enumerate() {
        let user = |name: &str| format!("{name}{number}");
        let (ann, bob) = (server.user(&user("ann")).await, server.user(&user("bob")).await);
        let cy = server.user(&user("cy")).await;
        let group = ann.new_group(&format!("Group {number}")).await;
        let stage = Stage { ann, bob, cy, group };
        let anywhere = now(&stage.bob).await;
        let mut all = AllTransports::open(&listening, &stage.bob, Some(&anywhere)).await;
        let begin = mark_after("Begin", &mut all, &stage).await.1;
        let (mut live, mut end) = (Vec::new(), Value::Null);
        for (step, number) in row.steps.iter().zip(1..) {
            stage.take(*step).await;
            // Waited for, since a poll that comes later would show what it names as it is then.
            let (told, cursor) = mark_after(&format!("Step {number}"), &mut all, &stage).await;
            live.extend(told);
            end = cursor;
        }
        assert_eq!(live, row.live, "live: {}", row.name);
        let mut later = AllTransports::open(&listening, &stage.bob, begin.as_str()).await;
        let (replayed, _) = told_until(|event| event["cursor"] == end, &mut later, &stage).await;
        assert_eq!(replayed, row.replayed, "replayed: {}", row.name);
    }
    listening.stop().await;
}
