//! `groupchat user list`.

use groupchat_domain::accounts::{User, UserQuery, operator};
use groupchat_domain::paging::Limit;
use groupchat_domain::search::SearchText;
use groupchat_domain::storage::Storage;

use super::options::ListOptions;
use super::prerequisites::{block_on, named, open_existing};
use super::shown::{ShownUser, table};
use crate::config::Config;
use crate::console;
use crate::error::ProgramError;

/// Prints all users, or those that the search finds.
pub(super) fn run(config: &Config, options: &ListOptions) -> Result<(), ProgramError> {
    let storage = open_existing(config)?;
    let search = options.search.as_deref().map(SearchText::parse).transpose();
    let search = search.map_err(|violation| named("the search", violation))?;
    let users = block_on(all(&*storage, search))??;
    let users: Vec<_> = users.into_iter().map(ShownUser::from).collect();
    if options.output.json {
        console::print_json(&users);
    } else {
        console::print_table(&table(&users));
    }
    Ok(())
}

/// The users of all pages.
async fn all(storage: &dyn Storage, search: Option<SearchText>) -> Result<Vec<User>, ProgramError> {
    let limit = Limit::parse(i64::from(Limit::MAX)).map_err(|violation| named("a page", violation))?;
    let (mut users, mut after) = (Vec::new(), None);
    loop {
        let page = operator::list(storage, UserQuery { search: search.clone(), after, limit }).await?;
        after = page.items.last().map(|last| last.position.clone());
        users.extend(page.items.into_iter().map(|placed| placed.entry));
        if !page.more {
            return Ok(users);
        }
    }
}
