//! How much one request may ask for, and the sentences that say so.

use async_graphql::Error;

use super::error::bad_user_input;
use crate::{command::catalog::QUANTITY_MAX, store::catalog_read::PageRequest};

/// Rows of a connection when neither `first` nor `last` is given.
const PAGE_DEFAULT: u64 = 20;
/// The most rows of a connection at once.
pub(crate) const PAGE_MAX: u64 = 250;
/// The most SKUs in one list.
pub(crate) const SKUS_MAX: usize = 250;
/// The most values of one filter.
const FILTER_VALUES_MAX: usize = 100;
/// The longest idempotency key in characters.
const KEY_MAX: usize = 200;
/// The longest reference in characters: it is written beside every event of the request.
const REFERENCE_MAX: usize = 500;
/// The most promotion codes of one quote or cart.
pub(crate) const CODES_MAX: usize = 10;
/// The longest name of a channel.
const CHANNEL_MAX: usize = 32;
/// The longest search text in characters.
const SEARCH_MAX: usize = 200;

/// The arguments of a connection as a page request.
///
/// # Errors
///
/// `BAD_USER_INPUT` when a size is negative, above the limit, or given in both directions.
pub(crate) fn page_request(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> Result<PageRequest, Error> {
    let (backward, size) = match (first, last) {
        (Some(_), Some(_)) => return Err(bad_user_input("give `first` or `last`, not both")),
        (Some(first), None) => (false, page_size("first", first)?),
        (None, Some(last)) => (true, page_size("last", last)?),
        (None, None) => (false, PAGE_DEFAULT),
    };
    Ok(PageRequest { size, backward, after, before })
}

fn page_size(argument: &str, size: i32) -> Result<u64, Error> {
    match u64::try_from(size) {
        Err(_) => Err(bad_user_input(format!("`{argument}` is {size}, it must not be negative"))),
        Ok(size) if size > PAGE_MAX => {
            Err(bad_user_input(format!("`{argument}` is {size}, at most {PAGE_MAX} can be asked for at once")))
        }
        Ok(size) => Ok(size),
    }
}

/// `skus` without repetitions, in their first order.
///
/// # Errors
///
/// `BAD_USER_INPUT` when there are more than [`SKUS_MAX`].
pub(crate) fn sku_list(skus: Vec<String>) -> Result<Vec<String>, Error> {
    if skus.len() > SKUS_MAX {
        return Err(bad_user_input(format!(
            "`skus` has {} entries, at most {SKUS_MAX} can be asked for at once",
            skus.len()
        )));
    }
    for sku in &skus {
        storable("skus", sku)?;
    }
    let mut seen = std::collections::HashSet::with_capacity(skus.len());
    Ok(skus.into_iter().filter(|sku| seen.insert(sku.clone())).collect())
}

/// An idempotency key as the client made it.
///
/// # Errors
///
/// `BAD_USER_INPUT` when it is empty or longer than 200 characters.
pub(crate) fn idempotency_key(key: &str) -> Result<&str, Error> {
    let length = key.chars().count();
    if (1..=KEY_MAX).contains(&length) {
        return storable("idempotencyKey", key);
    }
    Err(bad_user_input(format!("`idempotencyKey` has {length} characters, 1 to {KEY_MAX} are possible")))
}

/// A reference as the client made it.
///
/// # Errors
///
/// `BAD_USER_INPUT` when it is longer than 500 characters.
pub(crate) fn reference(name: &str, reference: Option<&str>) -> Result<(), Error> {
    let reference = reference.unwrap_or_default();
    let length = reference.chars().count();
    if length > REFERENCE_MAX {
        return Err(bad_user_input(format!("`{name}` has {length} characters, at most {REFERENCE_MAX} are possible")));
    }
    storable(name, reference).map(drop)
}

/// The codes that a quote is asked for with, in order and without repetitions.
///
/// # Errors
///
/// `BAD_USER_INPUT` when there are too many, or when the quantity is out of range.
pub(crate) fn promotion_codes(quantity: i32, codes: Option<Vec<String>>) -> Result<Vec<String>, Error> {
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(bad_user_input(format!("`quantity` is {quantity}, 1 to {QUANTITY_MAX} are possible")));
    }
    let mut codes = codes.unwrap_or_default();
    if codes.len() > CODES_MAX {
        let count = codes.len();
        return Err(bad_user_input(format!("`codes` has {count} entries, at most {CODES_MAX} can be given")));
    }
    for code in &codes {
        storable("codes", code)?;
    }
    codes.sort_unstable();
    codes.dedup();
    Ok(codes)
}

/// A text that every engine can compare with what it stores; PostgreSQL knows no U+0000.
///
/// # Errors
///
/// `BAD_USER_INPUT` when it has that character.
pub(crate) fn storable<'a>(name: &str, text: &'a str) -> Result<&'a str, Error> {
    if text.contains('\0') {
        return Err(bad_user_input(format!("`{name}` contains the character U+0000, which no text here has")));
    }
    Ok(text)
}

/// That a list or text called `name` has at most `most` entries or characters.
///
/// # Errors
///
/// `BAD_USER_INPUT` when it has more.
pub(crate) fn at_most(name: &str, length: usize, most: usize) -> Result<(), Error> {
    if length > most {
        return Err(bad_user_input(format!("`{name}` has a length of {length}, at most {most} is possible")));
    }
    Ok(())
}

/// The name of a channel.
///
/// # Errors
///
/// `BAD_USER_INPUT` when it is something else.
pub(crate) fn channel(name: String) -> Result<String, Error> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=CHANNEL_MAX).contains(&name.len()) && name.bytes().all(is_plain) {
        return Ok(name);
    }
    Err(bad_user_input(format!("`channel` takes 1 to {CHANNEL_MAX} lower-case letters, digits and hyphens")))
}

/// The values of one filter.
///
/// # Errors
///
/// `BAD_USER_INPUT` when there are more than 100.
pub(crate) fn filter_values(name: &str, values: Option<Vec<String>>) -> Result<Vec<String>, Error> {
    let values = values.unwrap_or_default();
    if values.len() > FILTER_VALUES_MAX {
        return Err(bad_user_input(format!(
            "filter `{name}` has {} values, at most {FILTER_VALUES_MAX} can be given",
            values.len()
        )));
    }
    for value in &values {
        storable(name, value)?;
    }
    Ok(values)
}

/// The words of a search text, in lower case.
///
/// # Errors
///
/// `BAD_USER_INPUT` when the text is longer than 200 characters.
pub(crate) fn search_words(text: Option<&str>) -> Result<Vec<String>, Error> {
    let text = text.unwrap_or_default();
    let length = text.chars().count();
    if length > SEARCH_MAX {
        return Err(bad_user_input(format!("`query` has {length} characters, at most {SEARCH_MAX} can be given")));
    }
    Ok(storable("query", text)?.split_whitespace().map(str::to_lowercase).collect())
}
