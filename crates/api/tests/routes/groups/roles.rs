//! The roles of a group, and what they allow.

use serde_json::{Value, json};

use crate::harness::{Client, Server};

/// A group with an owner, an admin and a member.
struct Class {
    group: String,
    owner: Client,
    admin: Client,
    member: Client,
}

impl Class {
    async fn new(server: &Server) -> Self {
        let users = server.users(&["owner", "admin", "member"].map(|name| (name.to_owned(), false))).await;
        let [owner, admin, member] = users.try_into().ok().expect("three users");
        let group = owner.new_group("Class").await;
        owner.add(&group, &admin, "admin").await;
        owner.add(&group, &member, "member").await;
        Self { group, owner, admin, member }
    }

    fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.group)
    }

    async fn set(&self, role: &str, permissions: Value) {
        let role = self.at(&format!("roles/{role}"));
        self.owner.patch(&role, json!({"permissions": permissions})).await.ok();
    }

    async fn give(&self, user: &Client, role: &str) {
        let member = self.at(&format!("members/{}", user.id()));
        self.owner.put(&member, json!({"role": role})).await.ok();
    }
}

fn teacher() -> Value {
    let permissions = json!(["view", "read_history", "send", "pin", "add_members"]);
    json!({"name": "Teacher", "rank": 30, "permissions": permissions})
}

#[actix_web::test]
async fn a_group_has_four_roles_and_those_that_it_defines() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    let answer = class.owner.post(&class.at("roles"), teacher()).await;
    let location = answer.header("location").expect("a location").to_owned();
    assert_eq!(location, class.at("roles/Teacher"));
    let mut expected = teacher();
    expected["built_in"] = false.into();
    assert_eq!(answer.created(), expected);
    let listed = class.member.get(&class.at("roles")).await.ok();
    let roles: Vec<_> = listed["items"].as_array().expect("items").iter().collect();
    let names: Vec<_> = roles.iter().map(|role| role["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["owner", "admin", "Teacher", "member", "readonly"]);
    let readonly = json!({"name": "readonly", "rank": 5, "permissions": ["view", "read_history", "react"], "built_in": true});
    assert_eq!(*roles[4], readonly);
}

#[actix_web::test]
async fn any_name_of_a_role_leads_to_it_from_its_location() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    for name in ["a/b", "50% +", "%2F", "Lehrer für Töne?#"] {
        let role = json!({"name": name, "rank": 30, "permissions": ["view"]});
        let answer = class.owner.post(&class.at("roles"), role).await;
        let location = answer.header("location").expect("a location").to_owned();
        let changed = class.owner.patch(&location, json!({"rank": 31})).await.ok();
        assert_eq!((&changed["name"], &changed["rank"]), (&json!(name), &json!(31)));
    }
}

#[actix_web::test]
async fn a_role_that_a_group_defines_decides_what_its_members_may_do() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    class.owner.post(&class.at("roles"), teacher()).await.created();
    class.give(&class.member, "Teacher").await;
    let shown = class.member.get(&class.group).await.ok();
    assert_eq!(shown["my_role"], "Teacher");
    assert_eq!(shown["my_permissions"], teacher()["permissions"]);
    let message = class.member.say_at(&class.group, "Good morning").await;
    class.member.put_empty(&format!("{message}/pin")).await.ok();
    class.member.put_empty(&format!("{message}/like")).await.refused(403, "role_too_low");
    class.member.patch(&message, json!({"text": "Hi"})).await.refused(403, "role_too_low");
    // Deleting it would leave its members without a role.
    class.owner.delete(&class.at("roles/teacher")).await.refused(404, "role_not_found");
    class.owner.delete(&class.at("roles/Teacher")).await.refused(409, "role_in_use");
    class.give(&class.member, "member").await;
    class.owner.delete(&class.at("roles/Teacher")).await.no_content();
    class
        .owner
        .put(&class.at(&format!("members/{}", class.member.id())), json!({"role": "Teacher"}))
        .await
        .invalid(&[("role", "invalid_format")]);
}

#[actix_web::test]
async fn an_announcement_group_takes_sending_from_members_and_admins_keep_it() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    class.set("member", json!(["view", "read_history", "react", "reply"])).await;
    let answer = class.member.post(&class.at("messages"), json!({"text": "hello"})).await;
    answer.refused(403, "role_too_low");
    let message = class.admin.say_at(&class.group, "News").await;
    class.member.put_empty(&format!("{message}/like")).await.ok();
}

#[actix_web::test]
async fn readonly_members_read_and_react() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    class.give(&class.member, "readonly").await;
    let message = class.owner.say_at(&class.group, "Hello").await;
    class.member.get(&message).await.ok();
    class.member.put_empty(&format!("{message}/like")).await.ok();
    class.member.post(&class.at("messages"), json!({"text": "x"})).await.refused(403, "role_too_low");
    class.member.delete(&class.at("members/me")).await.no_content();
}

#[actix_web::test]
async fn who_may_not_read_sees_no_message_anywhere() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    let message = class.owner.say_at(&class.group, "secret").await;
    class.set("member", json!(["view", "send", "react"])).await;
    for path in [message.clone(), class.at("messages"), class.at("pins")] {
        class.member.get(&path).await.refused(403, "role_too_low");
    }
    class.member.put_empty(&format!("{message}/like")).await.refused(403, "role_too_low");
    assert_eq!(class.member.get(&class.group).await.ok()["last_message"], Value::Null);
    class.member.say(&class.group, "I can still write").await;
}

#[actix_web::test]
async fn a_role_that_breaks_a_rule_is_refused() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    let define = async |change: Value| {
        let mut role = teacher();
        for (key, value) in change.as_object().expect("an object") {
            role[key] = value.clone();
        }
        class.owner.post(&class.at("roles"), role).await
    };
    define(json!({"rank": 0})).await.invalid(&[("rank", "out_of_range")]);
    define(json!({"rank": 100})).await.invalid(&[("rank", "out_of_range")]);
    define(json!({"permissions": ["fly", "view"]})).await.invalid(&[("permissions", "invalid_format")]);
    define(json!({"permissions": []})).await.invalid(&[("permissions", "required")]);
    define(json!({"name": ""})).await.invalid(&[("name", "required")]);
    define(json!({"name": "Admin"})).await.refused(409, "role_name_taken");
    class
        .owner
        .patch(&class.at("roles/owner"), json!({"permissions": ["view"]}))
        .await
        .refused(409, "role_fixed");
    class.owner.patch(&class.at("roles/member"), json!({"rank": 11})).await.refused(409, "role_fixed");
    for number in 0..20 {
        define(json!({"name": format!("Role {number}")})).await.created();
    }
    define(json!({})).await.refused(409, "too_many_roles");
    class.owner.patch(&class.at("roles/Role%207"), json!({"rank": 7})).await.ok();
}

#[actix_web::test]
async fn everybody_is_told_why() {
    let server = Server::start().await;
    let class = Class::new(&server).await;
    let reason = async |client: &Client, query: &str, permission: &str| {
        let explained = client.get(&class.at(&format!("permissions{query}"))).await.ok();
        let items = explained["items"].as_array().expect("items").clone();
        let item = items.into_iter().find(|item| item["permission"] == permission).expect("each permission");
        json!([item["allowed"], item["reason"]["code"]])
    };
    assert_eq!(reason(&class.member, "", "send").await, json!([true, "role"]));
    assert_eq!(reason(&class.member, "", "pin").await, json!([false, "role"]));
    let of_member = format!("?user_id={}", class.member.id());
    assert_eq!(reason(&class.owner, &of_member, "pin").await, json!([false, "role"]));
    let answer = class.admin.get(&class.at(&format!("permissions{of_member}"))).await;
    answer.refused(403, "role_too_low");
    class.owner.get(&class.at("permissions?user_id=99")).await.refused(404, "user_not_found");
    let own = class.member.get(&class.at("permissions")).await.ok();
    assert_eq!(class.member.get(&class.at("permissions?user_id=me")).await.ok(), own);
    for bad in ["", "0", "Me", "me2"] {
        let path = class.at(&format!("permissions?user_id={bad}"));
        let answer = class.member.get(&path).await;
        assert!(answer.text().contains("must be an integer from 1 to 9007199254740991"), "{answer}");
        answer.expect(400);
    }
}
