//! The export of all that is stored about a user: one JSON object, which is read and sent piece by piece.

use std::collections::BTreeMap;
use std::io::Write;

use actix_web::body::BoxBody;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ContentType};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use futures_util::stream::{self, Stream};
use groupchat_domain::accounts::{self, Actor, ExportPart, ExportPosition, ExportRow, ExportValue};
use groupchat_domain::ids::MAX_SAFE_INTEGER;
use groupchat_domain::storage::{Caller, Credential, Principal, Tx};
use groupchat_domain::text::TextBytes;
use groupchat_domain::time::Timestamp;
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{DataType, DataTypeFormat, DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::assets::{Pieces, WRITE_BUFFER};
use crate::extract::{Body, Key, NoParams};
use crate::factors::{ProofRequest, factor_ports};
use crate::limits::Permit;
use crate::problem::ApiError;
use crate::respond::Ok200;
use crate::state::State;
use crate::wire::annotation::Annotation;
use crate::wire::{Described, ToJson};

/// Exports all that is stored about you
///
/// Takes your password, and a code if you have a second factor. The response is one JSON object with a list for each part,
/// and is sent while it is read: it is complete only if it is whole JSON. It is read page by page, so it is not one
/// snapshot. Texts of others, secrets and hashes are not in it. You can have one export at a time.
#[api_v2_operation(tags(Accounts), operation_id = "exportMe")]
pub async fn export(
    state: State,
    key: Key,
    body: Body<ProofRequest>,
    _: NoParams,
) -> Result<Export, ApiError> {
    let proof = body.0.parse()?;
    // Before anything is hashed. Who comes at the same time is refused below.
    state.limits.exports.check(state.storage.caller(Principal::Key(key.0))).map_err(too_many)?;
    let user = accounts::begin_export(factor_ports(&state), key.0, proof).await?;
    let slot = state.limits.exports.take(Caller::User(user), 1).map_err(too_many)?;
    Ok(Export { state, who: key.0, _slot: slot, at: At::Beginning, page: None })
}

fn too_many(exhausted: crate::limits::Exhausted) -> ApiError {
    crate::limits::refusal(exhausted, "exports at a time")
}

/// A response that is read while it is sent.
pub(crate) struct Export {
    state: State,
    who: Credential,
    /// That this is the user's only one.
    _slot: Permit,
    at: At,
    /// What is left of a page, and the room that it takes.
    page: Option<(Pieces, Permit)>,
}

/// How far an export is.
#[derive(Debug, Clone, Copy)]
enum At {
    Beginning,
    /// In the part of this number, after this position.
    Part {
        number: usize,
        after: Option<ExportPosition>,
        is_first: bool,
    },
    End,
}

impl Export {
    /// The next bytes: what is left of the page, or the beginning of the next one.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            if let Some((page, permit)) = &mut self.page {
                if let Some(bytes) = page.take(WRITE_BUFFER) {
                    permit.resize(page.memory() as u64);
                    return Ok(Some(bytes));
                }
                self.page = None;
            }
            match self.at {
                At::Beginning => {
                    self.at = At::Part { number: 0, after: None, is_first: true };
                    let now = self.read_now().await?;
                    return Ok(Some(Bytes::from(format!("{{\"exported_at\":{now}"))));
                }
                At::Part { number, after, is_first } => match ExportPart::ALL.get(number) {
                    Some(part) => self.read_page(number, *part, after, is_first).await?,
                    None => {
                        self.at = At::End;
                        return Ok(Some(Bytes::from_static(b"}")));
                    }
                },
                At::End => return Ok(None),
            }
        }
    }

    async fn read_now(&self) -> Result<String, ApiError> {
        let now = self.state.storage.read_as(self.who, |tx: &mut dyn Tx, _: &Actor| Ok(tx.now())).await?;
        serde_json::to_string(&TimeJson(now)).map_err(ApiError::internal)
    }

    /// Reads a page with the rights of now: whoever has signed out meanwhile gets no more. It is counted and rendered by the
    /// thread that reads it, as a page of a list is.
    async fn read_page(
        &mut self,
        number: usize,
        part: ExportPart,
        after: Option<ExportPosition>,
        is_first: bool,
    ) -> Result<(), ApiError> {
        let undelivered = self.state.limits.undelivered.clone();
        let read = move |tx: &mut dyn Tx, actor: &Actor| {
            let page = accounts::export_page(tx, actor, part, after)?;
            let permit = undelivered.take(Caller::User(actor.id()), page.text_bytes() as u64);
            Ok(permit.map(|permit| {
                let (is_empty, next) = (page.rows.is_empty(), page.next);
                (render(part, &page.rows, is_first, after.is_none(), next.is_none()), permit, is_empty, next)
            }))
        };
        let read = self.state.storage.read_as(self.who, read).await?;
        let (rendered, mut permit, is_empty, next) = read.map_err(|exhausted| {
            crate::limits::refusal(exhausted, "large responses that are not delivered yet")
        })?;
        let rendered = rendered.map_err(ApiError::internal)?;
        permit.resize(rendered.memory() as u64);
        self.page = Some((rendered, permit));
        self.at = match next {
            Some(next) => {
                let is_first = is_first && is_empty;
                At::Part { number, after: Some(next), is_first }
            }
            None => At::Part { number: number + 1, after: None, is_first: true },
        };
        Ok(())
    }
}

/// A page of a part: `is_first` if no row was rendered before it.
fn render(
    part: ExportPart,
    rows: &[ExportRow],
    is_first: bool,
    begins: bool,
    ends: bool,
) -> serde_json::Result<Pieces> {
    let mut rendered = Pieces::default();
    if begins {
        write!(rendered, ",\"{}\":[", part.name()).map_err(serde_json::Error::io)?;
    }
    for (nth, row) in rows.iter().enumerate() {
        if nth > 0 || !is_first {
            rendered.write_all(b",").map_err(serde_json::Error::io)?;
        }
        serde_json::to_writer(&mut rendered, &RowJson(row))?;
    }
    if ends {
        rendered.write_all(b"]").map_err(serde_json::Error::io)?;
    }
    Ok(rendered)
}

struct RowJson<'a>(&'a ExportRow);

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.0.len()))?;
        for (name, value) in &self.0.0 {
            match value {
                ExportValue::Null => map.serialize_entry(name, &())?,
                ExportValue::Flag(flag) => map.serialize_entry(name, flag)?,
                ExportValue::Number(number) => map.serialize_entry(name, number)?,
                ExportValue::Text(text) => map.serialize_entry(name, text)?,
                ExportValue::Time(time) => map.serialize_entry(name, &TimeJson(*time))?,
            }
        }
        map.end()
    }
}

struct TimeJson(Timestamp);

impl Serialize for TimeJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_json(serializer)
    }
}

fn pieces(export: Export) -> impl Stream<Item = Result<Bytes, ApiError>> {
    stream::try_unfold(
        export,
        |mut export| async move { Ok(export.next().await?.map(|bytes| (bytes, export))) },
    )
}

impl Responder for Export {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(ContentType::json())
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"groupchat-export.json\""))
            .streaming(Box::pin(pieces(self)))
    }
}

impl Apiv2Schema for Export {
    fn name() -> Option<String> {
        Some("Export".to_owned())
    }

    fn raw_schema() -> DefaultSchemaRaw {
        let time = Annotation::new(Timestamp::rules()).into_schema(DefaultSchemaRaw {
            description: Some("When it began.".to_owned()),
            data_type: Some(DataType::String),
            format: Some(DataTypeFormat::DateTime),
            ..DefaultSchemaRaw::default()
        });
        let parts = ExportPart::ALL.iter().map(|part| (part.name().to_owned(), part_schema(*part).into()));
        let properties = std::iter::once(("exported_at".to_owned(), time.into())).chain(parts);
        let properties: BTreeMap<_, _> = properties.collect();
        DefaultSchemaRaw {
            name: Self::name(),
            description: Some("All that is stored about a user.".to_owned()),
            data_type: Some(DataType::Object),
            required: properties.keys().cloned().collect(),
            properties,
            ..DefaultSchemaRaw::default()
        }
    }
}

fn part_schema(part: ExportPart) -> DefaultSchemaRaw {
    let row = DefaultSchemaRaw { data_type: Some(DataType::Object), ..DefaultSchemaRaw::default() };
    // There is no limit but that of the numbers.
    Annotation::new(json!({"maxItems": MAX_SAFE_INTEGER})).into_schema(DefaultSchemaRaw {
        description: Some(part.meaning().trim().to_owned()),
        data_type: Some(DataType::Array),
        items: Some(row.into()),
        ..DefaultSchemaRaw::default()
    })
}

impl OperationModifier for Export {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Ok200::<Self>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Ok200::<Self>::update_definitions(definitions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(mut pieces: Pieces) -> String {
        let mut all = Vec::new();
        while let Some(bytes) = pieces.take(WRITE_BUFFER) {
            all.extend_from_slice(&bytes);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn pages_of_a_part_are_one_list() {
        let row = |number: i64| ExportRow::default().with("id", number).with("at", None::<Timestamp>);
        let part = ExportPart::Blocks;
        let pages = [
            render(part, &[], true, true, false),
            render(part, &[row(1), row(2)], true, false, false),
            render(part, &[], false, false, false),
            render(part, &[row(3)], false, false, true),
        ];
        let whole: String = pages.into_iter().map(|page| text(page.unwrap())).collect();
        assert_eq!(whole, r#","blocks":[{"id":1,"at":null},{"id":2,"at":null},{"id":3,"at":null}]"#);
        assert_eq!(text(render(part, &[], true, true, true).unwrap()), r#","blocks":[]"#);
    }
}
