use std::collections::BTreeMap;

use super::*;

/// The operations of each class but those that read or write.
const SPECIAL: &[(&str, &[&str])] = &[
    ("code", &["acceptInviteLink", "getInviteLink", "resetPassword"]),
    ("connect", &["openSocket", "streamEvents"]),
    ("export", &["exportMe"]),
    ("login", &["beginPasskeyLogin", "confirmSignUp", "login", "loginWithPasskey", "signUp"]),
    ("mail", &["requestPasswordReset"]),
    ("mfa", &["beginPasskeyFactor", "loginWithCode", "loginWithPasskeyFactor"]),
    ("refresh", &["refreshLogin"]),
    ("send", &["forwardMessage", "sendMessage", "sendMessages"]),
    (
        "none",
        &[
            "changePassword",
            "endBotToken",
            "endOtherSessions",
            "endSession",
            "endToken",
            "endUserSession",
            "endUserSessions",
            "getHealth",
            "logout",
            "resetFactors",
            "setTemporaryPassword",
        ],
    ),
];

#[test]
fn every_operation_has_its_class() {
    let document = crate::openapi::document("0.0.0");
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let concrete = path.replace("{code}", "AB").replace(['{', '}'], "");
            let class = class_of(&method.to_uppercase().parse().unwrap(), &concrete, "");
            let class = class.map_or("none", RequestClass::as_str);
            match class {
                "read" => assert_eq!(method, "get", "{id}"),
                "write" => assert_ne!(method, "get", "{id}"),
                _ => found.entry(class).or_default().push(id),
            }
        }
    }
    found.values_mut().for_each(|ids| ids.sort_unstable());
    let expected: BTreeMap<_, _> = SPECIAL.iter().map(|(class, ids)| (*class, ids.to_vec())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_search_is_a_list_with_a_query() {
    let class = |query| class_of(&Method::GET, "/api/groups", query);
    assert_eq!(class("limit=5&q=eng"), Some(RequestClass::Search));
    assert_eq!([class(""), class("limit=5"), class("xq=1")], [Some(RequestClass::Read); 3]);
}
