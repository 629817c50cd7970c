//! One-time passwords, recovery codes and QR codes.

use groupchat_domain::accounts::KeyHash;
use groupchat_domain::factors::{FactorCodes, Passcode, RECOVERY_CODES, RecoveryCode, Step, TotpSecret};
use groupchat_domain::time::Timestamp;
use qrcode::{Color, EcLevel, QrCode};
use sha2::{Digest, Sha256};
use totp_rs::{Algorithm, Builder, Secret};

use crate::accounts::keys::random;

/// Seconds of a step, and how many steps beside that of now are good (RFC 6238, section 5.2).
const STEP: u64 = 30;
const DRIFT: u16 = 1;

/// The pixels of a module of a QR code, unless it is scaled, and the modules around it that stay light.
const QR_PIXELS: usize = 5;
const QUIET: usize = 4;

/// Codes from the random source of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomFactorCodes;

impl FactorCodes for RandomFactorCodes {
    fn new_secret(&self) -> TotpSecret {
        TotpSecret::new(random())
    }

    fn matching_step(&self, secret: &TotpSecret, code: &Passcode, now: Timestamp) -> Option<Step> {
        let seconds = u64::try_from(now.as_micros() / 1_000_000).ok()?;
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(DRIFT)
            .with_step_duration(STEP)
            .with_secret(Secret::new_stack(*secret.as_bytes()))
            .build_noncompliant();
        totp.check(code.reveal(), seconds).and_then(|step| i64::try_from(step).ok()).map(Step)
    }

    fn issue_recovery_codes(&self) -> Vec<RecoveryCode> {
        std::iter::repeat_with(|| RecoveryCode::from_bits(random())).take(RECOVERY_CODES).collect()
    }

    fn digest_recovery_code(&self, code: &RecoveryCode) -> KeyHash {
        KeyHash::new(Sha256::digest(code.symbols()).into())
    }

    fn qr_code(&self, text: &str) -> String {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).expect("a short text fits");
        let (width, size) = (code.width(), code.width() + 2 * QUIET);
        let colors = code.to_colors();
        let rows = colors.chunks(width).zip(QUIET..).map(|(row, y)| dark_runs(row, y));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" width=\"{pixels}\" \
             height=\"{pixels}\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/>\
             <path d=\"{path}\"/></svg>",
            pixels = size * QR_PIXELS,
            path = rows.collect::<String>(),
        )
    }
}

/// The dark modules of a row as the path of an SVG image, those beside each other as one.
fn dark_runs(row: &[Color], y: usize) -> String {
    let mut x = QUIET;
    let mut path = String::new();
    for run in row.chunk_by(|one, next| one == next) {
        let length = run.len();
        if run.first() == Some(&Color::Dark) {
            path.push_str(&format!("M{x} {y}h{length}v1h-{length}z"));
        }
        x += length;
    }
    path
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: TotpSecret = TotpSecret::new(*b"12345678901234567890");

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn step_of(code: &str, seconds: i64) -> Option<i64> {
        let code = Passcode::parse(code).unwrap();
        RandomFactorCodes.matching_step(&SECRET, &code, at(seconds)).map(|step| step.0)
    }

    /// The last six of the eight digits there, for SHA-1.
    #[test]
    fn one_time_passwords_are_those_of_rfc_6238() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(code, seconds), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn one_step_of_drift_is_allowed_in_either_direction() {
        let (step, code) = (1_234_567_890 / 30, "005924");
        for (seconds, is_good) in [
            (step * 30 - 31, false),
            (step * 30 - 30, true),
            (step * 30 - 1, true),
            (step * 30 + 59, true),
            (step * 30 + 60, false),
        ] {
            assert_eq!(step_of(code, seconds), is_good.then_some(step), "{seconds}");
        }
    }

    #[test]
    fn a_clock_before_1970_knows_no_code() {
        assert_eq!(step_of("287082", -59), None);
        assert_eq!(step_of("287082", i64::MIN / 1_000_000), None);
    }

    #[test]
    fn secrets_and_recovery_codes_differ() {
        let codes = RandomFactorCodes.issue_recovery_codes();
        let different: HashSet<_> = codes.iter().map(|code| code.symbols().to_owned()).collect();
        assert_eq!((codes.len(), different.len()), (RECOVERY_CODES, RECOVERY_CODES));
        assert_ne!(RandomFactorCodes.new_secret(), RandomFactorCodes.new_secret());
        let typed = RecoveryCode::parse(&codes[0].reveal().to_lowercase()).unwrap();
        let hashes = [&typed, &codes[0], &codes[1]].map(|code| RandomFactorCodes.digest_recovery_code(code));
        assert!(hashes[0] == hashes[1] && hashes[1] != hashes[2]);
    }

    #[test]
    fn a_qr_code_is_a_small_image_without_scripts() {
        let svg = RandomFactorCodes.qr_code(&"x".repeat(200));
        assert!(svg.len() <= 20_000, "{}", svg.len());
        assert!(svg.contains("<svg ") && svg.ends_with("</svg>"));
        assert!(!svg.contains("script") && !svg.contains("href") && !svg.contains(" on"));
    }
}
