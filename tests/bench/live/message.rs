//! Finds in a message what is counted, without reading the rest.

use memchr::memmem;

/// What a message of the server is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message<'m> {
    Acknowledged,
    Ping,
    /// Of the subscription with this number.
    Badge {
        subscription: usize,
        sku: &'m [u8],
        available: i64,
    },
    Other,
}

/// Reads a message. Each field is written once in it, by both servers without spaces.
pub(crate) fn read(text: &[u8]) -> Message<'_> {
    if let Some(available) = after(text, b"\"available\":") {
        let sku = after(text, b"\"sku\":\"").and_then(until_quote);
        let subscription = after(text, b"\"id\":\"").and_then(until_quote);
        if let (Some(sku), Some(subscription)) = (sku, subscription) {
            let (subscription, available) = (number(subscription), number(available));
            return Message::Badge { subscription: usize::try_from(subscription).unwrap(), sku, available };
        }
    }
    if after(text, b"\"connection_ack\"").is_some() {
        Message::Acknowledged
    } else if after(text, b"\"ping\"").is_some() {
        Message::Ping
    } else {
        Message::Other
    }
}

fn after<'m>(text: &'m [u8], before: &[u8]) -> Option<&'m [u8]> {
    Some(&text[memmem::find(text, before)? + before.len()..])
}

fn until_quote(text: &[u8]) -> Option<&[u8]> {
    Some(&text[..memchr::memchr(b'"', text)?])
}

fn number(text: &[u8]) -> i64 {
    let is_negative = text.first() == Some(&b'-');
    let digits = text.iter().skip(usize::from(is_negative)).take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
    if is_negative { -number } else { number }
}
