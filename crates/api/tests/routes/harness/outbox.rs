//! Mails that a server orders, written when a test asks.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use groupchat_domain::accounts::{MailOrder, MailPorts, MailQueue, write_mails};
use groupchat_domain::codes::SecretCode;
use groupchat_domain::mail::Mail;

use super::server::Server;

/// Takes so many orders.
pub(crate) struct Outbox {
    orders: Mutex<Vec<MailOrder>>,
    room: usize,
}

impl Outbox {
    /// With room for so many orders.
    pub(crate) fn with_room(room: usize) -> Self {
        Self { orders: Mutex::default(), room }
    }

    /// Writes what was ordered since the last time.
    pub(crate) async fn write(&self, server: &Server) -> Vec<Mail> {
        let orders = std::mem::take(&mut *self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        let (state, mut mails) = (server.state(), Vec::new());
        let ports =
            MailPorts { storage: &*state.storage, keys: &*state.keys, codes: &*state.codes, site: None };
        for order in orders {
            mails.extend(write_mails(ports, order).await.expect("the storage works"));
        }
        mails
    }
}

impl MailQueue for Outbox {
    fn is_on(&self) -> bool {
        true
    }

    fn order(&self, order: MailOrder) -> Result<(), Duration> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.len() >= self.room {
            return Err(Duration::from_secs(7));
        }
        orders.push(order);
        Ok(())
    }
}

/// The codes in a mail.
pub(crate) fn codes(mail: &Mail) -> Vec<String> {
    let codes = mail.text.lines().filter_map(|line| SecretCode::parse(line.trim()).ok());
    codes.map(|code| code.reveal()).collect()
}
