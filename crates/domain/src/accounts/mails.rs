//! What the server writes to its users by mail.

use crate::accounts::confirmation::issue_confirmation;
use crate::accounts::mail_order::MailOrder;
use crate::accounts::model::{Email, User};
use crate::accounts::ports::ApiKeys;
use crate::accounts::reset::{IssuedReset, issue_resets};
use crate::accounts::session::ClientInfo;
use crate::codes::{SecretCode, SecretCodes};
use crate::error::Error;
use crate::ids::UserId;
use crate::mail::Mail;
use crate::storage::{Access, Caller, Mode, Storage};

/// The ports that writing mails needs.
#[derive(Clone, Copy)]
pub struct MailPorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Hashes what a code is bound to.
    pub keys: &'a dyn ApiKeys,
    /// Makes and hashes codes.
    pub codes: &'a dyn SecretCodes,
    /// How the mails name the server: its public address, if it has one.
    pub site: Option<&'a str>,
}

/// Writes the mails of an order: none if there is nobody to write to.
///
/// # Errors
/// Busy, or a fault.
pub async fn write_mails(ports: MailPorts<'_>, order: MailOrder) -> Result<Vec<Mail>, Error> {
    let MailPorts { storage, keys, codes, site } = ports;
    let site = site.unwrap_or("your groupchat server");
    match order {
        MailOrder::Reset { account, client } => {
            let resets = issue_resets(storage, keys, codes, account, &client).await?;
            Ok(reset_mails(&resets, site))
        }
        MailOrder::ConfirmAccount { account, client } => {
            let to = account.email.clone();
            let code = issue_confirmation(storage, codes, *account, &client).await?;
            Ok(code.map(|code| confirmation_mail(to, &code, site)).into_iter().collect())
        }
        MailOrder::RefreshReused(user, client) => {
            let user = find(storage, user, &client).await?;
            Ok(user.and_then(|user| refresh_mail(user, site)).into_iter().collect())
        }
    }
}

async fn find(storage: &dyn Storage, user: UserId, client: &ClientInfo) -> Result<Option<User>, Error> {
    let look = Access { mode: Mode::Read, caller: Caller::Network(client.network()) };
    storage.run(look, move |tx| Ok(tx.accounts().find(user)?)).await
}

/// One mail for each address, exactly as it is written: what differs in case may be another mailbox.
fn reset_mails(resets: &[IssuedReset], site: &str) -> Vec<Mail> {
    let mut mails: Vec<(Email, Vec<&IssuedReset>)> = Vec::new();
    for reset in resets {
        let Some(email) = &reset.user.email else { continue };
        match mails.iter_mut().find(|(to, _)| to == email) {
            Some((_, with_it)) => with_it.push(reset),
            None => mails.push((email.clone(), vec![reset])),
        }
    }
    mails.into_iter().map(|(to, resets)| reset_mail(to, &resets, site)).collect()
}

fn reset_mail(to: Email, resets: &[&IssuedReset], site: &str) -> Mail {
    let codes = resets.iter().fold(String::new(), |text, IssuedReset { user, code }| {
        format!("{text}    {}\n    {}\n\n", user.username.as_str(), code.reveal())
    });
    let text = format!(
        "Somebody, probably you, wants to set a new password at {site}.\n\n\
         Enter this code in your app within 30 minutes. It works once, for this username:\n\n\
         {codes}\
         If it was not you, ignore this mail: without the code, your password stays as it is.\n"
    );
    Mail { to, subject: "Your code for a new password".to_owned(), text }
}

fn confirmation_mail(to: Email, code: &SecretCode, site: &str) -> Mail {
    let text = format!(
        "Somebody, probably you, wants an account at {site}.\n\n\
         Enter this code in your app within a day:\n\n    {}\n\n\
         If it was not you, ignore this mail: without the code, there will be no account.\n",
        code.reveal()
    );
    Mail { to, subject: "Your code for a new account".to_owned(), text }
}

fn refresh_mail(user: User, site: &str) -> Option<Mail> {
    let text = format!(
        "A device of {} at {site} was signed out, because its key was used a second time.\n\n\
         Somebody else may have copied it. If you don't know why, set a new password, which signs out all your \
         other devices.\n",
        user.username.as_str()
    );
    Some(Mail { to: user.email?, subject: "A device was signed out".to_owned(), text })
}

#[cfg(test)]
mod tests;
