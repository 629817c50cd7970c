//! Loads what is stored about messages beside them, each kind for all of them at once.

use std::collections::HashMap;

use crate::ids::UserId;
use crate::messages::model::{Attachments, MessageView};
use crate::storage::{StorageFault, Tx};

/// Completes what repositories leave out of messages: at most one query for each kind that one of them has, and none
/// where they have nothing.
pub(crate) fn attach<'a>(
    tx: &mut dyn Tx,
    viewer: UserId,
    views: impl IntoIterator<Item = &'a mut MessageView>,
) -> Result<(), StorageFault> {
    let has_thread = |view: &&mut MessageView| view.message.attachments.contain(Attachments::THREAD);
    let mut roots: Vec<_> = views.into_iter().filter(has_thread).collect();
    if roots.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = roots.iter().map(|view| view.message.id).collect();
    let found = tx.threads().views(&ids, viewer)?;
    let mut threads: HashMap<_, _> = found.into_iter().map(|view| (view.thread.root, view)).collect();
    for view in &mut roots {
        view.thread = threads.remove(&view.message.id);
    }
    Ok(())
}
