//! Writes the mails that were ordered, and hands them to the mail server.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::accounts::{ApiKeys, MailOrder, MailPorts, write_mails};
use groupchat_domain::codes::SecretCodes;
use groupchat_domain::mail::{Mail, MailFault, Mailer};
use groupchat_domain::storage::Storage;
use tokio::sync::{Mutex, mpsc};

use super::queue::WaitingOrders;
use crate::panic_guard::guarded;

/// How many mails wait for the mail server at most. More are dropped, rather than shown to those who order.
const OUTBOX: usize = 256;

/// How many mails are on their way at once.
const AT_ONCE: usize = 4;

/// How fast the worker works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// An order waits so long, after the one before it is done, whatever came of that: what is found shows neither in the
    /// time of an answer nor in whether there is room for another order.
    pub orders: Duration,
    /// How long to wait after each try that failed, before the next.
    pub retries: [Duration; 2],
}

impl Default for Pace {
    fn default() -> Self {
        let retries = [Duration::from_secs(5), Duration::from_secs(30)];
        Self { orders: Duration::from_millis(50), retries }
    }
}

/// Works off orders for mails.
pub(crate) struct MailWorker {
    /// The orders.
    pub orders: Arc<WaitingOrders>,
    /// The database.
    pub storage: Arc<dyn Storage>,
    /// Hashes what codes are bound to.
    pub keys: Arc<dyn ApiKeys>,
    /// Makes codes.
    pub codes: Arc<dyn SecretCodes>,
    /// The mail server.
    pub mailer: Arc<dyn Mailer>,
    /// How mails name this server.
    pub site: Option<String>,
    /// How fast.
    pub pace: Pace,
}

impl MailWorker {
    /// Works until it is dropped, which loses what is not sent yet.
    pub(crate) async fn run(self) {
        let (outbox, inbox) = mpsc::channel(OUTBOX);
        let inbox = Mutex::new(inbox);
        let sending: [_; AT_ONCE] = std::array::from_fn(|_| self.send_all(&inbox));
        let [one, two, three, four] = sending;
        tokio::join!(self.write_all(outbox), one, two, three, four);
    }

    async fn write_all(&self, outbox: mpsc::Sender<Mail>) {
        loop {
            let order = self.orders.next().await;
            // By then the request that ordered it is answered: what is found must not slow the answer down either.
            tokio::time::sleep(self.pace.orders).await;
            for mail in self.write(order).await {
                self.orders.opened(1);
                if outbox.try_send(mail).is_err() {
                    self.orders.done();
                    tracing::warn!("a mail is dropped: too many wait for the mail server");
                }
            }
            self.orders.done();
        }
    }

    async fn write(&self, order: MailOrder) -> Vec<Mail> {
        let (storage, keys, codes) = (&*self.storage, &*self.keys, &*self.codes);
        let ports = MailPorts { storage, keys, codes, site: self.site.as_deref() };
        match guarded(write_mails(ports, order)).await {
            Some(Ok(mails)) => mails,
            Some(Err(error)) => {
                tracing::warn!(%error, "can't write a mail now");
                Vec::new()
            }
            None => {
                tracing::error!("writing a mail panicked");
                Vec::new()
            }
        }
    }

    async fn send_all(&self, inbox: &Mutex<mpsc::Receiver<Mail>>) {
        loop {
            let mail = inbox.lock().await.recv().await;
            let Some(mail) = mail else { return };
            if guarded(self.send(mail)).await.is_none() {
                tracing::error!("sending a mail panicked");
            }
            self.orders.done();
        }
    }

    /// Tries a few times. Neither the mail nor its recipient is logged.
    async fn send(&self, mail: Mail) {
        for before_retry in self.pace.retries.into_iter().map(Some).chain([None]) {
            match self.mailer.send(mail.clone()).await {
                Ok(()) => return tracing::debug!("a mail was sent"),
                Err(error @ MailFault::Rejected { .. }) => {
                    return tracing::warn!(%error, "a mail was not sent");
                }
                Err(error @ MailFault::Unavailable { .. }) => {
                    tracing::warn!(%error, is_last_try = before_retry.is_none(), "a mail was not sent");
                }
            }
            if let Some(before_retry) = before_retry {
                tokio::time::sleep(before_retry).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
