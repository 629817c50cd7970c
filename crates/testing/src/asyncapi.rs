//! Checks what clients receive and send about events against the AsyncAPI document.

use std::collections::HashMap;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Value, json};

/// What the document is called while it is looked at.
const DOCUMENT: &str = "urn:groupchat:asyncapi";

/// How events reach a client.
#[derive(Debug, Clone, Copy)]
pub enum Transport {
    /// A frame of a WebSocket.
    Socket,
    /// An event of a stream.
    Stream,
    /// A whole answer to a poll.
    Poll,
}

/// The AsyncAPI document: its messages, each with the schema of its payload.
pub struct EventContract {
    document: Value,
    schemas: Schemas,
    payloads: HashMap<String, SchemaIndex>,
}

impl Transport {
    const fn channel(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Stream => "stream",
            Self::Poll => "poll",
        }
    }
}

impl EventContract {
    /// Reads the document.
    ///
    /// # Panics
    /// It is no AsyncAPI document, or the schema of a payload doesn't compile.
    pub fn new(mut document: Value) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V7);
        close(&mut document["components"]);
        compiler.add_resource(DOCUMENT, document.clone()).expect("the document is JSON");
        let messages = document["components"]["messages"].as_object().expect("the document has messages");
        let mut compile = |name: &String| {
            let payload = format!("{DOCUMENT}#/components/messages/{name}/payload");
            let schema = compiler.compile(&payload, &mut schemas);
            (name.clone(), schema.unwrap_or_else(|error| panic!("{payload}: {error:#}")))
        };
        let payloads = messages.keys().map(&mut compile).collect();
        Self { document, schemas, payloads }
    }

    /// Checks that the document has this message on the transport.
    ///
    /// # Panics
    /// It doesn't.
    #[track_caller]
    pub fn assert_receives(&self, transport: Transport, message: &Value) {
        let of_type = message["type"].as_str().unwrap_or("events");
        let name = match (transport, of_type) {
            (Transport::Poll, _) => "events",
            // Which reply it is depends on the request.
            (Transport::Socket, "reply") => return assert!(message["data"].is_object(), "{message}"),
            (_, name) => name,
        };
        let on_transport = self.document["channels"][transport.channel()]["messages"].get(name);
        assert!(on_transport.is_some(), "the document has no such message on a {transport:?}: {message}");
        self.assert_fits(name, message);
    }

    /// Checks that the document has this request and this reply to it.
    ///
    /// # Panics
    /// It doesn't.
    #[track_caller]
    pub fn assert_request(&self, request: &Value, reply: &Value) {
        let request_type = request["type"].as_str().expect("a request has a type");
        self.assert_fits(&format!("request.{request_type}"), request);
        self.assert_fits(&format!("reply.{request_type}"), reply);
    }

    #[track_caller]
    fn assert_fits(&self, name: &str, message: &Value) {
        let Some(payload) = self.payloads.get(name) else { panic!("there is no message {name}: {message}") };
        if let Err(error) = self.schemas.validate(message, *payload) {
            panic!("{message} is no {name}: {error}");
        }
    }
}

/// Forbids fields that the schemas don't name. Clients ignore them; here they would be undocumented.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let names_all = object.get("type").is_some_and(|word| *word == "object");
            if names_all && object.get("properties").is_some_and(Value::is_object) {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
