//! When keys were last used. Outside of transactions: a use counts also if its command is rejected.

use std::collections::BTreeMap;
use std::time::Duration;

use groupchat_domain::ids::SessionId;
use groupchat_domain::time::Timestamp;

/// By how much one of two uses may be noted after the other that began before it.
const OUT_OF_ORDER: Duration = Duration::from_secs(60);

/// Notes a use. Of uses at about the same time the latest counts; a clock that was set back counts as it is.
pub(super) fn note_use(uses: &mut BTreeMap<SessionId, Timestamp>, session: SessionId, now: Timestamp) {
    let last = uses.entry(session).or_insert(now);
    if now > *last || *last > now.plus(OUT_OF_ORDER) {
        *last = now;
    }
}
