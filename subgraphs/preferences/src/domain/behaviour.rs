//! What shoppers do: views, clicks, carts and purchases.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Refusal, RefusalCode, is_valid_identifier, to_milliseconds_precision};

/// The most events of one call.
pub const MAX_EVENTS_PER_CALL: usize = 500;

const MAX_QUANTITY: i32 = 10_000;
const MAX_DWELL_MS: i32 = 86_400_000;
/// Phones collect events while they are offline.
const MAX_AGE: TimeDelta = TimeDelta::days(30);
/// Clocks of phones run ahead.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// What a shopper did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BehaviourKind {
    /// Looked at a product.
    View,
    /// Chose a product in a list.
    Click,
    /// Put a product into the cart.
    Cart,
    /// Bought a product.
    Purchase,
}

impl BehaviourKind {
    /// Its name in documents and events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "VIEW",
            Self::Click => "CLICK",
            Self::Cart => "CART",
            Self::Purchase => "PURCHASE",
        }
    }
}

/// An event as a client gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BehaviourDraft {
    /// The client's own id; one event counts once however often it is sent.
    pub id: String,
    /// What was done.
    pub kind: BehaviourKind,
    /// With which product.
    pub product_id: String,
    /// With which of its variants.
    pub sku: Option<String>,
    /// The visit.
    pub session_id: String,
    /// When, by the client's clock.
    pub occurred_at: DateTime<Utc>,
    /// How long it was looked at, in milliseconds.
    pub dwell_ms: Option<i32>,
    /// How many; 1 when absent.
    pub quantity: Option<i32>,
}

/// An event that is well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BehaviourEvent {
    /// The client's own id.
    pub id: String,
    /// What was done.
    pub kind: BehaviourKind,
    /// With which product.
    pub product_id: String,
    /// With which of its variants.
    pub sku: Option<String>,
    /// The visit.
    pub session_id: String,
    /// When, by the client's clock; milliseconds.
    pub occurred_at: DateTime<Utc>,
    /// How long it was looked at, in milliseconds.
    pub dwell_ms: Option<i32>,
    /// How many, at least 1.
    pub quantity: i32,
}

/// Whose an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribution {
    /// Of a customer who allows it.
    Customer(String),
    /// Of an anonymous session, as given.
    Session,
    /// Of a signed-in customer who does not allow it: neither the customer nor the session may be told from it.
    Nobody,
}

/// An event as it is kept and published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBehaviour {
    /// What happened. For an event of nobody the session is a random one.
    pub event: BehaviourEvent,
    /// The customer who allows it.
    pub customer_id: Option<String>,
    /// UUIDv7 of the published event; grows, and so is the order of publication.
    pub published_id: String,
    /// When it came in.
    pub recorded_at: DateTime<Utc>,
    /// Grows with each event of this process.
    pub revision: i64,
    /// The request that brought it.
    pub correlation_id: String,
    /// When it is deleted.
    pub expires_at: DateTime<Utc>,
}

/// `draft`, when it is well formed.
///
/// # Errors
///
/// The first thing that is wrong with it.
pub fn validate_behaviour(draft: BehaviourDraft, now: DateTime<Utc>) -> Result<BehaviourEvent, Refusal> {
    let invalid = |message: &str| Err(Refusal::new(RefusalCode::InvalidEvent, message));
    let ids = [("id", &draft.id), ("productId", &draft.product_id), ("sessionId", &draft.session_id)];
    for (name, id) in ids.into_iter().chain(draft.sku.as_ref().map(|sku| ("sku", sku))) {
        if !is_valid_identifier(id) {
            let message = format!("`{name}` must have 1 to 128 visible ASCII characters.");
            return Err(Refusal::new(RefusalCode::InvalidId, message));
        }
    }
    if draft.quantity.is_some_and(|quantity| !(1..=MAX_QUANTITY).contains(&quantity)) {
        return invalid("`quantity` must be 1 to 10000.");
    }
    if draft.dwell_ms.is_some_and(|dwell_ms| !(0..=MAX_DWELL_MS).contains(&dwell_ms)) {
        return invalid("`dwellMs` must be 0 to 86400000.");
    }
    if draft.occurred_at < now - MAX_AGE {
        return invalid("`occurredAt` is more than 30 days ago.");
    }
    if draft.occurred_at > now + MAX_AHEAD {
        return invalid("`occurredAt` lies in the future.");
    }
    Ok(BehaviourEvent {
        id: draft.id,
        kind: draft.kind,
        product_id: draft.product_id,
        sku: draft.sku,
        session_id: draft.session_id,
        occurred_at: to_milliseconds_precision(draft.occurred_at),
        dwell_ms: draft.dwell_ms,
        quantity: draft.quantity.unwrap_or(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> BehaviourDraft {
        BehaviourDraft {
            id: "e1".to_owned(),
            kind: BehaviourKind::View,
            product_id: "p1".to_owned(),
            sku: None,
            session_id: "s1".to_owned(),
            occurred_at: DateTime::UNIX_EPOCH,
            dwell_ms: None,
            quantity: None,
        }
    }

    #[test]
    fn a_good_event_passes_and_each_bad_one_says_why() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(validate_behaviour(draft(), now).unwrap().quantity, 1);
        let bad = [
            (BehaviourDraft { id: String::new(), ..draft() }, "`id`"),
            (BehaviourDraft { session_id: "a b".to_owned(), ..draft() }, "`sessionId`"),
            (BehaviourDraft { sku: Some("x".repeat(129)), ..draft() }, "`sku`"),
            (BehaviourDraft { quantity: Some(0), ..draft() }, "`quantity`"),
            (BehaviourDraft { dwell_ms: Some(-1), ..draft() }, "`dwellMs`"),
            (BehaviourDraft { occurred_at: now - TimeDelta::days(31), ..draft() }, "30 days"),
            (BehaviourDraft { occurred_at: now + TimeDelta::minutes(6), ..draft() }, "future"),
        ];
        for (draft, word) in bad {
            let refusal = validate_behaviour(draft, now).unwrap_err();
            assert!(refusal.message.contains(word), "{refusal:?}");
        }
    }
}
