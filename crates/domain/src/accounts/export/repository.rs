//! The port of exports to the database.

use crate::accounts::export::part::ExportPart;
use crate::accounts::export::row::ExportRow;
use crate::ids::UserId;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::text::TextBytes;

/// Where a part goes on. What the numbers mean is up to the repository and the part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportPosition(pub [i64; 3]);

/// A page of a part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportPage {
    /// The rows. There may be none although the part goes on.
    pub rows: Vec<ExportRow>,
    /// Where it goes on; `None` at the end.
    pub next: Option<ExportPosition>,
}

impl TextBytes for ExportPage {
    fn text_bytes(&self) -> usize {
        self.rows.iter().map(TextBytes::text_bytes).sum()
    }
}

repository! {
    /// Everything that is stored about a user.
    #[cfg_attr(test, mockall::automock)]
    pub trait ExportRepository {
        /// A page of a part: at most 500 rows, and a few megabytes. All pages together have each row once that is there from
        /// the first to the last of them.
        fn page(
            &mut self,
            part: ExportPart,
            user: UserId,
            after: Option<ExportPosition>,
        ) -> Result<ExportPage, StorageFault>;
    }
}
