//! Requests of a client. One that may have been lost is repeated, if it is a message: its `client_id` makes that safe.

use std::task::Poll;

use groupchat_domain::Error;
use groupchat_domain::accounts::AccountRefusal;
use groupchat_domain::storage::StorageFault;

use crate::cluster::client::mutated::run;
use crate::cluster::client::{Address, Client, Identity, Pending, poll_once};
use crate::cluster::mutation::Mutation;
use crate::cluster::witness::Witness;
use crate::commands::{AClientId, AGroup, AKey, AText, Answer, Argument, Command, Ids, Ports};

/// A message that is to be sent, until it is known whether it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cluster) struct Draft {
    pub(in crate::cluster) group: AGroup,
    pub(in crate::cluster) number: u32,
}

impl Draft {
    fn command(self, mutation: Mutation) -> Command {
        let client_id = (mutation != Mutation::SendIgnoresClientId).then_some(AClientId(self.number));
        Command::Send { group: self.group, text: self.unique_text(), client_id }
    }

    fn text(self) -> String {
        self.unique_text().on(&Ids::of_model()).into_string()
    }

    /// A text that nothing else says.
    const fn unique_text(self) -> AText {
        AText::unique(self.number)
    }
}

/// A request under way.
pub(in crate::cluster) struct Request {
    pub(in crate::cluster) server: usize,
    by: Option<Identity>,
    command: Command,
    /// The number of the key that it issues.
    number: u32,
    reply: Pending<Result<Answer, Error>>,
}

impl Request {
    /// Goes on with a request that nobody waits for; whether it is done.
    pub(in crate::cluster) fn is_done(&mut self) -> bool {
        poll_once(self.reply.as_mut()).is_ready()
    }
}

/// A reply, and what it was to.
pub(in crate::cluster) struct Reply {
    pub(in crate::cluster) command: Command,
    pub(in crate::cluster) number: u32,
    pub(in crate::cluster) answer: Result<Answer, Error>,
}

impl Client {
    /// Takes a message to send, unless there is one already.
    pub(in crate::cluster) fn write(&mut self, draft: Draft) {
        self.draft.get_or_insert(draft);
    }

    /// Sends the message, or sends it again, if nothing else is under way.
    pub(in crate::cluster) fn send(&mut self, to: &Address, number: u32, mutation: Mutation) {
        if let Some(draft) = self.draft {
            self.begin(to, draft.command(mutation), number, mutation);
        }
    }

    /// Begins a request, if no other is under way.
    pub(in crate::cluster) fn begin(
        &mut self,
        to: &Address,
        command: Command,
        number: u32,
        mutation: Mutation,
    ) {
        if self.is_busy() {
            return;
        }
        let by = self.identity;
        let key = by.map_or(AKey(u32::MAX), |identity| identity.key);
        let Address { index, storage, live } = to.clone();
        let reply = Box::pin(async move {
            let ids = Ids::of_model();
            run(command, &Ports::new(storage.as_ref(), live.as_ref(), &ids, key, number), mutation).await
        });
        self.request = Some(Request { server: index, by, command, number, reply });
    }

    /// Waits no longer for a reply: what is left of the request is with its server.
    pub(in crate::cluster) fn give_up(&mut self) -> Option<Request> {
        let request = self.request.take()?;
        self.stats.give_ups += usize::from(matches!(request.command, Command::Send { .. }));
        Some(request)
    }

    /// Looks whether a reply has come.
    pub(in crate::cluster) fn poll_request(&mut self, witness: &Witness) -> Result<Option<Reply>, String> {
        let Some(request) = &mut self.request else { return Ok(None) };
        let Poll::Ready(answer) = poll_once(request.reply.as_mut()) else { return Ok(None) };
        let (command, number, by) = (request.command, request.number, request.by);
        self.request = None;
        if let (Some(by), Ok(answer)) = (by, &answer) {
            witness.answered(by.asked(self.moment.get(), command.group()), answer)?;
        }
        if let (Some(draft), Command::Send { .. }) = (self.draft, command) {
            match &answer {
                Ok(Answer::Sent(sent)) => {
                    witness.acknowledge(&draft.text(), &sent.view)?;
                    self.stats.acknowledged += 1;
                    self.stats.repeated += usize::from(sent.repeated);
                    self.draft = None;
                }
                // Sent again later, with the same client id.
                Err(Error::Fault(_) | Error::Busy { .. }) => {}
                _ => self.draft = None,
            }
        }
        self.stats.overloaded += usize::from(is_overloaded(&answer));
        if answer == Err(AccountRefusal::Unauthenticated.into()) && self.identity.is_some() {
            self.sign_out();
        }
        Ok(Some(Reply { command, number, answer }))
    }
}

const fn is_overloaded(answer: &Result<Answer, Error>) -> bool {
    matches!(answer, Err(Error::Busy { .. } | Error::Fault(StorageFault::Overloaded { .. })))
}
