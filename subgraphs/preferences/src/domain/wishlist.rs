//! Wished products.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use super::{Customer, Refusal, RefusalCode, customer::Decided, is_valid_identifier, to_milliseconds_precision};

/// The most products that a wishlist holds.
pub const MAX_WISHLIST_ITEMS: usize = 1_000;

/// The most items of one page.
const MAX_PAGE_ITEMS: i32 = 100;

/// The items of a page when the caller does not say.
const DEFAULT_PAGE_ITEMS: i32 = 20;

/// One wished product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishlistItem {
    /// The product.
    pub product_id: String,
    /// When it was wished.
    pub added_at: DateTime<Utc>,
}

impl Customer {
    /// This customer with `product_id` on the wishlist; no change when it is there already.
    ///
    /// # Errors
    ///
    /// When the id is not well formed, or the list is full.
    pub fn with_wish(&self, product_id: &str, now: DateTime<Utc>) -> Decided {
        refuse_bad_product_id(product_id)?;
        let mut changed = self.clone();
        if !self.wishes(product_id) {
            if self.wishlist.len() >= MAX_WISHLIST_ITEMS {
                let message = format!("A wishlist holds at most {MAX_WISHLIST_ITEMS} products; remove some first.");
                return Err(vec![Refusal::new(RefusalCode::WishlistFull, message)]);
            }
            let added_at = to_milliseconds_precision(now);
            changed.wishlist.push(WishlistItem { product_id: product_id.to_owned(), added_at });
        }
        Ok(self.decide(changed, Vec::new()))
    }

    /// This customer without `product_id` on the wishlist; no change when it is not there.
    ///
    /// # Errors
    ///
    /// When the id is not well formed.
    pub fn without_wish(&self, product_id: &str) -> Decided {
        refuse_bad_product_id(product_id)?;
        let mut changed = self.clone();
        changed.wishlist.retain(|item| item.product_id != product_id);
        Ok(self.decide(changed, Vec::new()))
    }

    /// Whether `product_id` is on the wishlist.
    #[must_use]
    pub fn wishes(&self, product_id: &str) -> bool {
        self.wishlist.iter().any(|item| item.product_id == product_id)
    }
}

fn refuse_bad_product_id(product_id: &str) -> Result<(), Vec<Refusal>> {
    if is_valid_identifier(product_id) {
        return Ok(());
    }
    let message = "A product id has 1 to 128 visible ASCII characters.";
    Err(vec![Refusal::new(RefusalCode::InvalidId, message).at(["productId"])])
}

/// The place of an item: it stays meaningful when items before or after it, or the item itself, go away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishlistCursor {
    /// When the item was wished, in milliseconds since 1970.
    pub added_at_ms: i64,
    /// The product.
    pub product_id: String,
}

impl WishlistCursor {
    /// The place of `item`.
    #[must_use]
    pub fn of(item: &WishlistItem) -> Self {
        Self { added_at_ms: item.added_at.timestamp_millis(), product_id: item.product_id.clone() }
    }

    fn place(&self) -> Reverse<(i64, &str)> {
        Reverse((self.added_at_ms, self.product_id.as_str()))
    }
}

/// Which part of a list is asked for, in Relay's terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// That many from the start.
    pub first: Option<i32>,
    /// After this place.
    pub after: Option<WishlistCursor>,
    /// That many from the end.
    pub last: Option<i32>,
    /// Before this place.
    pub before: Option<WishlistCursor>,
}

/// A page of a wishlist, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishlistPage {
    /// The items.
    pub items: Vec<WishlistItem>,
    /// Whether there are newer ones.
    pub has_previous_page: bool,
    /// Whether there are older ones.
    pub has_next_page: bool,
}

/// Why a page cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Both directions at once.
    #[error("give `first` or `last`, not both")]
    BothDirections,
    /// Too many or too few.
    #[error("`{argument}` is {given}, it must be 1 to {MAX_PAGE_ITEMS}")]
    OutOfRange {
        /// `first` or `last`.
        argument: &'static str,
        /// What was given.
        given: i32,
    },
}

/// The part of `wishlist` that `request` asks for, newest first.
///
/// # Errors
///
/// When both directions are asked for at once, or a number is out of range.
pub fn page_of(wishlist: &[WishlistItem], request: &PageRequest) -> Result<WishlistPage, PageError> {
    let (backwards, count) = match (request.first, request.last) {
        (Some(_), Some(_)) => return Err(PageError::BothDirections),
        (None, Some(last)) => (true, checked_count("last", last)?),
        (first, None) => (false, checked_count("first", first.unwrap_or(DEFAULT_PAGE_ITEMS))?),
    };
    let mut ordered: Vec<(WishlistCursor, &WishlistItem)> =
        wishlist.iter().map(|item| (WishlistCursor::of(item), item)).collect();
    ordered.sort_by(|(one, _), (other, _)| one.place().cmp(&other.place()));
    let start = request
        .after
        .as_ref()
        .map_or(0, |after| ordered.partition_point(|(cursor, _)| cursor.place() <= after.place()));
    let end = request
        .before
        .as_ref()
        .map_or(ordered.len(), |before| ordered.partition_point(|(cursor, _)| cursor.place() < before.place()));
    let end = end.max(start);
    let (start, end) =
        if backwards { (start.max(end.saturating_sub(count)), end) } else { (start, end.min(start + count)) };
    let items = ordered.iter().take(end).skip(start).map(|(_, item)| (*item).clone()).collect();
    Ok(WishlistPage { items, has_previous_page: start > 0, has_next_page: end < ordered.len() })
}

fn checked_count(argument: &'static str, given: i32) -> Result<usize, PageError> {
    usize::try_from(given)
        .ok()
        .filter(|_| (1..=MAX_PAGE_ITEMS).contains(&given))
        .ok_or(PageError::OutOfRange { argument, given })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::Decision;

    fn wishlist(count: u32) -> Vec<WishlistItem> {
        (0..count)
            .map(|number| WishlistItem {
                product_id: format!("p{number}"),
                added_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::from(number)),
            })
            .collect()
    }

    fn ids(page: &WishlistPage) -> Vec<&str> {
        page.items.iter().map(|item| item.product_id.as_str()).collect()
    }

    #[test]
    fn pages_walk_forwards_and_backwards_even_when_the_item_of_the_cursor_is_gone() {
        let mut list = wishlist(5);
        let first = page_of(&list, &PageRequest { first: Some(2), ..PageRequest::default() }).unwrap();
        assert_eq!((ids(&first), first.has_previous_page, first.has_next_page), (vec!["p4", "p3"], false, true));
        let after = WishlistCursor::of(&first.items[1]);
        list.retain(|item| item.product_id != "p3");
        let next =
            page_of(&list, &PageRequest { first: Some(2), after: Some(after), ..PageRequest::default() }).unwrap();
        assert_eq!((ids(&next), next.has_previous_page, next.has_next_page), (vec!["p2", "p1"], true, true));
        let before = WishlistCursor::of(&next.items[1]);
        let back =
            page_of(&list, &PageRequest { last: Some(1), before: Some(before), ..PageRequest::default() }).unwrap();
        assert_eq!((ids(&back), back.has_previous_page, back.has_next_page), (vec!["p2"], true, true));
    }

    #[test]
    fn a_page_has_one_direction_and_1_to_100_items() {
        let both = PageRequest { first: Some(1), last: Some(1), ..PageRequest::default() };
        assert_eq!(page_of(&[], &both), Err(PageError::BothDirections));
        let many = PageRequest { first: Some(101), ..PageRequest::default() };
        assert_eq!(page_of(&[], &many), Err(PageError::OutOfRange { argument: "first", given: 101 }));
    }

    #[test]
    fn wishing_twice_is_wishing_once_and_the_list_has_an_end() {
        let mut customer = Customer::new("c1", DateTime::UNIX_EPOCH);
        customer.wishlist = wishlist(1_000);
        assert_eq!(customer.with_wish("p7", DateTime::UNIX_EPOCH).unwrap(), Decision::Unchanged);
        let refusals = customer.with_wish("new", DateTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(refusals[0].code, RefusalCode::WishlistFull);
        assert_eq!(customer.without_wish("unknown").unwrap(), Decision::Unchanged);
        assert!(matches!(customer.without_wish("p7").unwrap(), Decision::Changed(after, _) if !after.wishes("p7")));
        assert_eq!(customer.with_wish("a b", DateTime::UNIX_EPOCH).unwrap_err()[0].code, RefusalCode::InvalidId);
    }
}
