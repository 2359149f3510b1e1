//! What clients send.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};
use chrono::{DateTime, Utc};

use crate::domain::{self, BehaviourDraft, ConsentChange, GarmentSize, ProfileChange};

/// What is absent stays; a list that is given replaces the whole list.
#[derive(InputObject)]
pub(crate) struct StyleProfileInput {
    /// At most 50, one per garment.
    sizes: Option<Vec<GarmentSizeInput>>,
    /// At most 50.
    styles: Option<Vec<String>>,
    /// At most 50.
    colors: Option<Vec<String>>,
    /// At most 50.
    brands: Option<Vec<String>>,
    /// Null takes the name away.
    display_name: MaybeUndefined<String>,
    /// The version that was read; the change is refused when there is a newer one.
    expected_version: Option<i32>,
}

/// The size that fits in one kind of garment.
#[derive(InputObject)]
pub(crate) struct GarmentSizeInput {
    /// 1 to 40 characters.
    garment: String,
    /// 1 to 20 characters.
    size: String,
}

impl From<StyleProfileInput> for ProfileChange {
    fn from(input: StyleProfileInput) -> Self {
        let size = |size: GarmentSizeInput| GarmentSize { garment: size.garment, size: size.size };
        Self {
            sizes: input.sizes.map(|sizes| sizes.into_iter().map(size).collect()),
            styles: input.styles,
            colors: input.colors,
            brands: input.brands,
            display_name: match input.display_name {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(name) => Some(Some(name)),
            },
            expected_version: input.expected_version,
        }
    }
}

/// What is absent stays.
#[derive(InputObject)]
pub(crate) struct ConsentInput {
    /// Behaviour may be kept and used for this customer.
    personalisation: Option<bool>,
    /// Behaviour may be used in statistics.
    analytics: Option<bool>,
    /// The customer may be written to.
    marketing: Option<bool>,
}

impl From<ConsentInput> for ConsentChange {
    fn from(input: ConsentInput) -> Self {
        Self { personalisation: input.personalisation, analytics: input.analytics, marketing: input.marketing }
    }
}

/// What a shopper did.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::BehaviourKind")]
pub(crate) enum BehaviourKind {
    /// Looked at a product.
    View,
    /// Chose a product in a list.
    Click,
    /// Put a product into the cart.
    Cart,
    /// Bought a product.
    Purchase,
}

/// One thing that a shopper did.
#[derive(InputObject)]
pub(crate) struct BehaviourEventInput {
    /// The client's own id of the event, such as a UUID; sending it again does not count again.
    id: ID,
    kind: BehaviourKind,
    product_id: ID,
    sku: Option<String>,
    /// The visit.
    session_id: String,
    /// At most 30 days ago.
    occurred_at: DateTime<Utc>,
    dwell_ms: Option<i32>,
    /// 1 when absent.
    quantity: Option<i32>,
}

impl From<BehaviourEventInput> for BehaviourDraft {
    fn from(input: BehaviourEventInput) -> Self {
        Self {
            id: input.id.0,
            kind: input.kind.into(),
            product_id: input.product_id.0,
            sku: input.sku,
            session_id: input.session_id,
            occurred_at: input.occurred_at,
            dwell_ms: input.dwell_ms,
            quantity: input.quantity,
        }
    }
}
