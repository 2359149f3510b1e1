//! Signatures of what is sent to others.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// `t=TIME,v1=HEX`: HMAC-SHA-256 (RFC 2104) by `secret` over the time in seconds, a dot, and the body. The time is signed
/// too, so that what was recorded once cannot be sent again much later.
#[must_use]
pub fn signature(secret: &str, time: i64, body: &[u8]) -> String {
    let hex: String =
        code(secret, time, body).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}

/// Whether `signature` is one of `secret` over `body` and no further than `tolerance_seconds` from `now`; as a receiver checks
/// it, in a time that does not tell how much of it was right.
#[must_use]
pub fn verify(secret: &str, signature: &str, body: &[u8], (now, tolerance_seconds): (i64, i64)) -> bool {
    let Some((time, hex)) = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else { return false };
    let Ok(time) = time.parse::<i64>() else { return false };
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
    let is_near = now.saturating_sub(time).saturating_abs() <= tolerance_seconds;
    is_near && bytes.is_some_and(|bytes| code(secret, time, body).verify_slice(&bytes).is_ok())
}

fn code(secret: &str, time: i64, body: &[u8]) -> Hmac<Sha256> {
    // A key of this code may have any length.
    let mut code = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
    code.update(time.to_string().as_bytes());
    code.update(b".");
    code.update(body);
    code
}

#[cfg(test)]
mod tests {
    use super::{signature, verify};

    #[test]
    fn only_what_was_signed_is_verified() {
        let signed = signature("secret", 1_000, b"{}");
        assert!(verify("secret", &signed, b"{}", (1_010, 300)));
        assert!(!verify("secret", &signed, b"{ }", (1_010, 300)), "another body");
        assert!(!verify("Secret", &signed, b"{}", (1_010, 300)), "another secret");
        assert!(!verify("secret", &signed, b"{}", (2_000, 300)), "too old");
        assert!(!verify("secret", &signed.replace("t=1000", "t=1001"), b"{}", (1_010, 300)), "another time");
        for odd in ["", "t=,v1=", "t=1000", "t=1000,v1=zz", "t=1000,v1="] {
            assert!(!verify("secret", odd, b"{}", (1_000, 300)), "{odd}");
        }
    }

    /// By another implementation: `printf '1000.{}' | openssl dgst -sha256 -hmac secret`.
    #[test]
    fn it_is_the_hmac_that_others_make() {
        let hex = "026360fb6284f077f1148b1ae7c62679730497810a6a0321574de01e8b009e7a";
        assert_eq!(signature("secret", 1_000, b"{}"), format!("t=1000,v1={hex}"));
    }
}
