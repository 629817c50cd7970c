//! Pages of lists in JSON.

use std::collections::{BTreeMap, BTreeSet};

use groupchat_domain::paging::{self, Limit, NamePosition};
use paperclip::actix::Apiv2Schema;
use paperclip::v2::models::{DataType, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::annotation::Annotation;
use super::{CursorText, Field, Fields, List, ListCursor, Optional};
use crate::problem::ApiError;

/// Which part of a list to read, where nothing else can be asked for.
#[derive(Deserialize, Apiv2Schema)]
pub struct PageParams {
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

impl PageParams {
    /// The size of the page, and the place after which it begins.
    ///
    /// # Errors
    /// A limit out of range, or a cursor of another list.
    pub fn parse(self, list: List) -> Result<(Limit, Option<ListCursor>), ApiError> {
        let mut fields = Fields::new();
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        fields.finish()?;
        Ok((limit, cursor))
    }
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub struct PageDto<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null at the end.
    pub next: Option<String>,
}

impl<T> PageDto<T> {
    /// Shows a page of entities, of which the last one tells where the list goes on.
    pub fn new<E: Into<T>>(
        list: List,
        page: paging::Page<E>,
        place_after: impl FnOnce(&E) -> ListCursor,
    ) -> Self {
        Self::with(list, page, place_after, E::into)
    }

    /// The same, where showing an entity takes more than the entity.
    pub fn with<E>(
        list: List,
        page: paging::Page<E>,
        place_after: impl FnOnce(&E) -> ListCursor,
        show: impl FnMut(E) -> T,
    ) -> Self {
        let last = if page.more { page.items.last() } else { None };
        let next = last.map(|last| place_after(last).encode(list));
        Self { items: page.items.into_iter().map(show).collect(), next }
    }

    /// Shows a page of a list in the order of names.
    pub fn by_name<E>(list: List, page: paging::Page<NamePosition<E>>, mut show: impl FnMut(E) -> T) -> Self {
        Self::with(list, page, |last| ListCursor::after_name(&last.position), |placed| show(placed.entry))
    }
}

/// Items of an answer, of which there are so many at most, as the document says.
#[derive(Debug, Serialize)]
pub struct Items<T, const MOST: usize>(Vec<T>);

impl<T, const MOST: usize> FromIterator<T> for Items<T, MOST> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: Apiv2Schema, const MOST: usize> Apiv2Schema for Items<T, MOST> {
    fn raw_schema() -> DefaultSchemaRaw {
        Annotation::new(json!({"maxItems": MOST})).into_schema(Vec::<T>::raw_schema())
    }
}

impl<T: Apiv2Schema> Apiv2Schema for PageDto<T> {
    fn name() -> Option<String> {
        T::name().map(|name| format!("{name}Page"))
    }

    fn raw_schema() -> DefaultSchemaRaw {
        let next = DefaultSchemaRaw {
            description: Some("The `cursor` of the next page; null at the end.".to_owned()),
            ..Field::<CursorText>::raw_schema()
        };
        let items = Items::<T, { Limit::MAX as usize }>::raw_schema();
        let properties = [("items", items), ("next", next)];
        DefaultSchemaRaw {
            name: Self::name(),
            description: Some("One page of a list.".to_owned()),
            data_type: Some(DataType::Object),
            // `next` is always there too; what is not listed here may be null.
            required: BTreeSet::from(["items".to_owned()]),
            properties: BTreeMap::from(properties.map(|(name, schema)| (name.to_owned(), schema.into()))),
            ..DefaultSchemaRaw::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(more: bool) -> PageDto<i64> {
        let list = List::at("/api/sessions");
        PageDto::new(list, paging::Page { items: vec![3_i64, 5], more }, |last| ListCursor::after(*last))
    }

    #[test]
    fn only_a_page_that_is_not_the_last_has_a_next() {
        assert_eq!(page(false).next, None);
        let next = page(true).next.unwrap();
        assert_eq!(ListCursor::decode(List::at("/api/sessions"), &next).unwrap().id, 5);
    }
}
