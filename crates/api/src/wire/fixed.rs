//! Fields that are always null, or never, where a DTO is the data of an event.

/// What events fix about the fields of a DTO that may be null elsewhere. The AsyncAPI document says it for each type of
/// event.
#[derive(Debug, Clone, Copy)]
pub struct FixedFields {
    /// These are always null.
    pub null: &'static [&'static str],
    /// These always have a value.
    pub given: &'static [&'static str],
}

impl FixedFields {
    /// All fields are as the schema of the DTO says.
    pub const NONE: Self = Self { null: &[], given: &[] };

    /// Panics unless a DTO that was made of an entity with all its values has exactly these fields null, and one that
    /// was made of an entity without optional values has these fields given.
    #[cfg(test)]
    #[track_caller]
    pub(crate) fn assert_of<T: serde::Serialize>(self, full: &T, bare: &T) {
        let json = |dto: &T| serde_json::to_value(dto).expect("a DTO is JSON");
        let (full, bare) = (json(full), json(bare));
        let fields = full.as_object().expect("a DTO is an object");
        let null: std::collections::BTreeSet<_> =
            fields.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(null, self.null.iter().copied().collect(), "fields that are null");
        for field in self.given {
            assert!(!bare[field].is_null(), "{field} is given");
        }
    }
}
