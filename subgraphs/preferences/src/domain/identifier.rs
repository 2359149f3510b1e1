//! Opaque ids and the precision of times.

use chrono::{DateTime, SubsecRound, Utc};

/// The longest id that is accepted, in bytes.
const MAX_IDENTIFIER_BYTES: usize = 128;

/// Whether `text` can be an id: 1 to 128 visible ASCII characters.
#[must_use]
pub fn is_valid_identifier(text: &str) -> bool {
    (1..=MAX_IDENTIFIER_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `time` without what is finer than a millisecond, which is all that every store keeps.
#[must_use]
pub fn to_milliseconds_precision(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(3)
}
