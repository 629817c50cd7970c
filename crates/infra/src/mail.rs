//! Sends mail by SMTP (RFC 5321, RFC 6409).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use groupchat_domain::mail::{Mail, MailFault, Mailer};
use groupchat_domain::storage::BoxFuture;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{Address, AsyncTransport, Tokio1Executor};

use crate::hex::hexadecimal;

/// Random bytes in the id of a message.
const ID_BYTES: usize = 16;

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// By TLS from its first byte.
    Tls,
    /// By STARTTLS, without which nothing is sent (RFC 3207).
    StartTls,
    /// By STARTTLS if the server has it.
    IfOffered,
}

/// A mail server, and how to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name, for which its certificate must be.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How connections to it are protected.
    pub security: MailSecurity,
    /// The name and the password to sign in with.
    pub login: Option<(String, String)>,
    /// Certificates, in PEM, of further authorities that are trusted.
    pub authorities: Option<Vec<u8>>,
    /// How long sending a mail may take.
    pub timeout: Duration,
}

/// Without the password.
impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpServer({}:{})", self.host, self.port)
    }
}

/// Who mails are from: an address, or a name and an address, as in `Chat <chat@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSender(Mailbox);

impl FromStr for MailSender {
    type Err = lettre::address::AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The settings for mail can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the settings for mail can't be used: {0}")]
pub struct MailSetupError(#[from] Error);

/// Sends mail over a connection of its own for each.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    timeout: Duration,
}

impl SmtpMailer {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// A certificate is none.
    pub fn new(server: &SmtpServer, from: &MailSender) -> Result<Self, MailSetupError> {
        let mut tls = TlsParameters::builder(server.host.clone());
        if let Some(pem) = &server.authorities {
            tls = tls.add_root_certificate(Certificate::from_pem(pem)?);
        }
        let tls = tls.build_rustls()?;
        let tls = match server.security {
            MailSecurity::Tls => Tls::Wrapper(tls),
            MailSecurity::StartTls => Tls::Required(tls),
            MailSecurity::IfOffered => Tls::Opportunistic(tls),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(server.timeout))
            .hello_name(ClientId::Domain(from.0.email.domain().to_owned()));
        if let Some((name, password)) = &server.login {
            transport = transport.credentials(Credentials::new(name.clone(), password.clone()));
        }
        Ok(Self { transport: transport.build(), from: from.0.clone(), timeout: server.timeout })
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, mail: Mail) -> BoxFuture<'static, Result<(), MailFault>> {
        let (transport, timeout) = (self.transport.clone(), self.timeout);
        let message = message(&self.from, mail);
        Box::pin(async move {
            // The limit of the transport is for each step.
            match tokio::time::timeout(timeout, transport.send(message?)).await {
                Ok(sent) => sent.map(drop).map_err(|error| fault(&error)),
                Err(_) => Err(MailFault::Unavailable { reason: "it takes too long".to_owned() }),
            }
        })
    }
}

/// That nobody sent it by hand (RFC 3834, section 5), so that nobody's absence is reported.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The message. The address is taken for one and nothing else: it may be no more than something with an `@`.
fn message(from: &Mailbox, mail: Mail) -> Result<Message, MailFault> {
    let rejected = |reason: &str| MailFault::Rejected { reason: reason.to_owned() };
    let to: Address = mail.to.as_str().parse().map_err(|_| rejected("the address is none"))?;
    let id = format!("<{}@{}>", random_id(), from.email.domain());
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject)
        .message_id(Some(id))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text)
        .map_err(|_| rejected("it can't be written as a message"))
}

fn random_id() -> String {
    let mut bytes = [0_u8; ID_BYTES];
    // Fails only where a system has no random source at all, and no code can be made there.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hexadecimal(&bytes)
}

/// What the server said is left out, since it may name the recipient.
fn fault(error: &Error) -> MailFault {
    let reason = match error.status() {
        Some(code) => format!("it answers {code}"),
        None => std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": "),
    };
    if error.is_permanent() || error.is_client() {
        MailFault::Rejected { reason }
    } else {
        MailFault::Unavailable { reason }
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::accounts::Email;

    use super::*;

    fn sender() -> MailSender {
        "Chat <chat@example.org>".parse().unwrap()
    }

    fn mail(to: &str, subject: &str, text: &str) -> Mail {
        Mail { to: Email::parse(to).unwrap(), subject: subject.to_owned(), text: text.to_owned() }
    }

    fn written(mail: Mail) -> String {
        String::from_utf8(message(&sender().0, mail).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_message_has_one_recipient_and_says_that_nobody_wrote_it() {
        let message = message(&sender().0, mail("ada@example.com", "Hello", "Grüße\n")).unwrap();
        assert_eq!(message.envelope().to(), ["ada@example.com".parse().unwrap()]);
        let text = String::from_utf8(message.formatted()).unwrap();
        for header in [
            "From: Chat <chat@example.org>",
            "To: ada@example.com",
            "Subject: Hello",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(text.lines().any(|line| line == header), "{header} in {text}");
        }
        assert!(text.contains("\r\nDate: ") && text.contains("@example.org>\r\n"), "{text}");
    }

    #[test]
    fn nothing_in_a_mail_becomes_a_header_of_its_own() {
        let text =
            written(mail("ada@example.com", "Hello\r\nBcc: eve@example.net", "x\r\n.\r\nRCPT TO:<eve@x>"));
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
    }

    #[test]
    fn an_address_is_one_or_the_mail_is_rejected() {
        for strange in ["ada@example.com,eve@example.net", "\"ada\"<eve@example.net>", "a@b>,<c@d", "a@b;c@d"]
        {
            match message(&sender().0, mail(strange, "x", "y")) {
                Err(MailFault::Rejected { .. }) => {}
                Err(other) => panic!("{strange}: {other}"),
                Ok(message) => assert_eq!(message.envelope().to().len(), 1, "{strange}"),
            }
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let server = SmtpServer {
            host: "mail.example.org".to_owned(),
            port: 465,
            security: MailSecurity::Tls,
            login: Some(("chat".to_owned(), "secret".to_owned())),
            authorities: None,
            timeout: Duration::from_secs(1),
        };
        assert_eq!(format!("{server:?}"), "SmtpServer(mail.example.org:465)");
        assert!(SmtpMailer::new(&server, &sender()).is_ok());
        let broken = SmtpServer { authorities: Some(b"-----BEGIN CERTIFICATE-----".to_vec()), ..server };
        assert!(SmtpMailer::new(&broken, &sender()).is_err());
    }
}
