//! What a client is delivered: every event is judged by the witness before the client takes it.

use std::sync::Arc;
use std::task::Poll;

use groupchat_domain::events::{Backpressure, Cursor, EndReason, EphemeralEvent, Item, LoggedEvent};
use groupchat_domain::storage::Storage;

use crate::cluster::client::showing::{Change, Wanted};
use crate::cluster::client::{Client, Connection, poll_once};
use crate::cluster::mutation::Mutation;
use crate::cluster::witness::{Verdict, Witness};

/// There is always room.
pub(super) struct Room;

impl Backpressure for Room {
    type Hold = ();

    async fn make_room(&mut self) -> Result<bool, EndReason> {
        Ok(true)
    }

    fn page_read(&mut self, _: usize, _: usize) {}

    fn hold(&self) -> Option<()> {
        None
    }

    fn page_delivered(&mut self) {}
}
impl Client {
    /// Goes on with the connection; whether anything happened.
    pub(in crate::cluster) fn poll_connection(
        &mut self,
        storage: &Arc<dyn Storage>,
        witness: &Witness,
        mutation: Mutation,
    ) -> Result<bool, String> {
        match &mut self.connection {
            Connection::None => Ok(false),
            Connection::Opening(opening) => match poll_once(opening.as_mut()) {
                Poll::Pending => Ok(false),
                Poll::Ready(Ok(subscription)) => {
                    let subscriber = subscription.start(self.kind, Arc::clone(storage), Room);
                    self.delivered = subscriber.cursor().position.get();
                    if self.cursor.is_none() {
                        // The cursor of the hello; what is shown is loaded after it.
                        self.cursor = subscriber.resume_at().cloned();
                        self.wanted = Wanted::All;
                    }
                    self.connection = Connection::Open(Box::new(subscriber));
                    Ok(true)
                }
                Poll::Ready(Err(error)) => {
                    self.end(error.into());
                    Ok(true)
                }
            },
            Connection::Open(subscriber) => {
                let polled = poll_once(subscriber.next());
                let cursor = subscriber.cursor().clone();
                let resume_at = subscriber.resume_at().cloned();
                match polled {
                    Poll::Pending => self.advanced(&cursor, resume_at, witness),
                    Poll::Ready(Ok(delivered)) => {
                        self.take(delivered.item, &cursor, witness, mutation).map(|()| true)
                    }
                    Poll::Ready(Err(end)) => {
                        self.end(end);
                        Ok(true)
                    }
                }
            }
        }
    }

    fn end(&mut self, reason: EndReason) {
        self.stats.ends += 1;
        self.stats.too_slow += usize::from(reason == EndReason::TooSlow);
        if reason == EndReason::SignedOut { self.sign_out() } else { self.disconnect() }
    }

    /// The log has moved on with nothing for this client.
    fn advanced(
        &mut self,
        cursor: &Cursor,
        resume_at: Option<Cursor>,
        witness: &Witness,
    ) -> Result<bool, String> {
        let position = cursor.position.get();
        let has_moved = position > self.delivered;
        self.judge_skipped(position + 1, witness)?;
        self.delivered = position;
        if self.buffer.is_empty() && self.load.is_none() && resume_at.is_some() {
            self.cursor = resume_at;
        }
        Ok(has_moved)
    }

    fn judge_skipped(&self, before: i64, witness: &Witness) -> Verdict {
        self.reader().map_or(Ok(()), |reader| witness.skipped(reader, self.delivered, before))
    }

    fn take(&mut self, item: Item, cursor: &Cursor, witness: &Witness, mutation: Mutation) -> Verdict {
        match item {
            Item::Replayed(event) => {
                if mutation == Mutation::ReplaySkipsOne && event.position.get() % 7 == 0 {
                    return Ok(());
                }
                self.stats.replayed += 1;
                self.deliver(*event, true, cursor, witness)
            }
            Item::Live(shared) => {
                self.stats.live += 1;
                self.deliver(shared.event.clone(), false, cursor, witness)
            }
            Item::Gap => {
                self.stats.gaps += 1;
                self.delivered = cursor.position.get();
                self.cursor = Some(cursor.clone());
                if mutation != Mutation::GapIsSilent {
                    (self.wanted, self.load) = (Wanted::All, None);
                    self.buffer.clear();
                }
                Ok(())
            }
            Item::Snapshot(event) => self.take_ephemeral(&event),
            Item::Ephemeral(shared) => self.take_ephemeral(&shared.event),
        }
    }

    fn deliver(
        &mut self,
        event: LoggedEvent,
        is_replayed: bool,
        cursor: &Cursor,
        witness: &Witness,
    ) -> Verdict {
        let position = event.position.get();
        if position <= self.delivered {
            return Err(format!("event {position} came after event {}", self.delivered));
        }
        if !is_replayed {
            self.live_since.get_or_insert(witness.last());
        }
        if let Some(reader) = self.reader() {
            witness.delivered(reader, &event, is_replayed)?;
        }
        self.judge_skipped(position, witness)?;
        self.delivered = position;
        // The rest of a page, of which nothing is for this client.
        self.judge_skipped(cursor.position.get() + 1, witness)?;
        self.delivered = cursor.position.get();
        self.buffer.push_back(Change::Logged(Box::new(event), cursor.clone()));
        self.apply();
        Ok(())
    }

    fn take_ephemeral(&mut self, event: &EphemeralEvent) -> Verdict {
        let moved = match event {
            EphemeralEvent::ReadUpdated(update) => std::slice::from_ref(update),
            EphemeralEvent::AllRead(updates) => updates,
            EphemeralEvent::Typing { .. } | EphemeralEvent::PresenceChanged { .. } => return Ok(()),
        };
        self.buffer.extend(moved.iter().copied().map(Change::Read));
        self.apply();
        Ok(())
    }

    /// A heartbeat: the session is looked after.
    pub(in crate::cluster) fn heartbeat(&mut self) {
        let Connection::Open(subscriber) = &mut self.connection else { return };
        let beaten = poll_once(subscriber.on_heartbeat());
        if let Poll::Ready(Err(end)) = beaten {
            self.end(end);
        }
    }
}
