//! Whether a ballot is one of many, as a statement that is the same for any number of them: see [`among`](crate::sql::among).

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Nullable, Text};
use diesel::sqlite::Sqlite;

use crate::hex::hexadecimal;
use crate::schema::secret_ballots;

/// `secret_ballots.voter` is one of these hashes.
#[derive(Debug, Clone)]
pub(super) struct VoterAmong {
    /// A JSON array, in hexadecimal.
    json: String,
    #[cfg(feature = "postgres")]
    array: Vec<Vec<u8>>,
}

/// The condition that a ballot is stored under one of these hashes.
pub(super) fn voter_among(voters: impl Iterator<Item = [u8; 32]>) -> VoterAmong {
    let voters: Vec<_> = voters.collect();
    let texts: Vec<_> = voters.iter().map(|voter| format!("\"{}\"", hexadecimal(voter))).collect();
    VoterAmong {
        json: format!("[{}]", texts.join(",")),
        #[cfg(feature = "postgres")]
        array: voters.iter().map(|voter| voter.to_vec()).collect(),
    }
}

impl QueryId for VoterAmong {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Expression for VoterAmong {
    type SqlType = Nullable<diesel::sql_types::Bool>;
}

impl ValidGrouping<()> for VoterAmong {
    type IsAggregate = is_aggregate::No;
}

impl AppearsOnTable<secret_ballots::table> for VoterAmong {}
impl SelectableExpression<secret_ballots::table> for VoterAmong {}

/// How a database looks for a ballot among many.
pub(super) trait LooksForVoters: Backend {
    /// Adds the condition.
    fn push<'b>(voters: &'b VoterAmong, pass: AstPass<'_, 'b, Self>) -> QueryResult<()>;
}

impl LooksForVoters for Sqlite {
    fn push<'b>(voters: &'b VoterAmong, mut pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        pass.push_sql("secret_ballots.voter IN (SELECT unhex(value) FROM json_each(");
        pass.push_bind_param::<Text, _>(&voters.json)?;
        pass.push_sql("))");
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl LooksForVoters for diesel::pg::Pg {
    fn push<'b>(voters: &'b VoterAmong, mut pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        use diesel::sql_types::{Array, Binary};

        pass.push_sql("secret_ballots.voter = ANY(");
        pass.push_bind_param::<Array<Binary>, _>(&voters.array)?;
        pass.push_sql(")");
        Ok(())
    }
}

impl<DB: LooksForVoters> QueryFragment<DB> for VoterAmong {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        DB::push(self, pass)
    }
}
