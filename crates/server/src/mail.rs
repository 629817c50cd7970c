//! Mail: the settings, the queue of orders, and the worker that writes and sends what was ordered.

mod queue;
pub(crate) mod server_url;
mod worker;

use std::path::PathBuf;

use groupchat_infra::mail::{MailSetupError, SmtpMailer, SmtpServer};

use crate::config::Config;

pub(crate) use queue::WaitingOrders;

pub(crate) use worker::{MailWorker, Pace};

/// Why mail can't be sent as the settings say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    /// There is a mail server, and nobody whom mails are from, or the other way around.
    #[error("the settings mail.server and mail.from can only be used together")]
    Alone,
    /// The file of certificates can't be read.
    #[error("can't read the file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A certificate is none, for example.
    #[error(transparent)]
    Setup(#[from] MailSetupError),
}

/// What sends mail, if the settings say how. Connects to nothing yet.
///
/// # Errors
/// [`MailError`]
pub(crate) fn mailer(config: &Config) -> Result<Option<SmtpMailer>, MailError> {
    let (url, from) = match (&config.mail_server, &config.mail_from) {
        (None, None) => return Ok(None),
        (Some(url), Some(from)) => (url, from),
        _ => return Err(MailError::Alone),
    };
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|source| MailError::Unreadable { path: path.clone(), source })
    };
    let server = SmtpServer {
        host: url.host.clone(),
        port: url.port,
        security: url.security,
        login: url.login.clone(),
        authorities: config.mail_ca_file.as_ref().map(read).transpose()?,
        timeout: config.mail_timeout,
    };
    Ok(Some(SmtpMailer::new(&server, from)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::server_url::MailServerUrl;

    #[test]
    fn a_server_and_a_sender_come_together() {
        let mut config = Config::defaults();
        assert!(mailer(&config).unwrap().is_none());
        config.mail_server = MailServerUrl::parse("smtps://mail.example.org");
        assert!(matches!(mailer(&config), Err(MailError::Alone)));
        config.mail_from = "chat@example.org".parse().ok();
        assert!(mailer(&config).unwrap().is_some());
        config.mail_ca_file = Some("/nowhere/ca.pem".into());
        assert!(matches!(mailer(&config), Err(MailError::Unreadable { .. })));
    }
}
