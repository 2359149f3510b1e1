//! What events carry. Fields that are not needed are not read, so that producers may add some.

use chrono::{DateTime, Utc};
use selvedge_kit::event::Event;
use serde::{Deserialize, de::DeserializeOwned};

use crate::domain::{
    Badge, Behaviour, BehaviourKind, Consent, GarmentSize, Product, StockState, StyleProfile, Variant,
};

/// An event whose data is not what its type promises.
#[derive(Debug, thiserror::Error)]
#[error("event `{id}` of type `{event_type}` carries other data than its type says: {reason}")]
pub struct PayloadError {
    /// The event.
    pub id: String,
    /// Its type.
    pub event_type: String,
    /// What was wrong.
    pub reason: String,
}

/// Reads the data of `event`.
pub(super) fn read<T: DeserializeOwned>(event: &Event) -> Result<T, PayloadError> {
    T::deserialize(&event.data).map_err(|error| PayloadError {
        id: event.id.clone(),
        event_type: event.event_type.clone(),
        reason: error.to_string(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StockBadgeChanged {
    pub(super) sku: String,
    pub(super) product_id: String,
    state: StockState,
    available: i64,
    revision: i64,
}

impl StockBadgeChanged {
    pub(super) const fn badge(&self) -> Badge {
        Badge { state: self.state, available: self.available, revision: self.revision }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductChanged {
    pub(super) product_id: String,
    #[serde(default)]
    pub(super) deleted: bool,
    pub(super) revision: i64,
    /// Absent or empty when the product was deleted.
    #[serde(flatten)]
    pub(super) facts: ProductFacts,
}

/// What events and snapshots say of a product alike.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductFacts {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    vendor: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    gender: Option<String>,
    #[serde(default)]
    material: Option<String>,
    #[serde(default)]
    style: Option<String>,
    #[serde(default)]
    occasion: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    created_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) variants: Vec<VariantFacts>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariantFacts {
    pub(super) sku: String,
    #[serde(default)]
    size: Option<String>,
    #[serde(default)]
    color: Option<String>,
    /// In snapshots alone.
    #[serde(default)]
    pub(super) badge: Option<Badge>,
}

impl ProductFacts {
    pub(super) fn into_product(self, id: &str) -> Product {
        let variant =
            |variant: VariantFacts| Variant { sku: variant.sku.into(), size: variant.size, color: variant.color };
        Product {
            id: id.into(),
            title: self.title,
            description: self.description.unwrap_or_default(),
            vendor: self.vendor.unwrap_or_default(),
            category: self.category.unwrap_or_default(),
            gender: self.gender,
            material: self.material,
            style: self.style,
            occasion: self.occasion,
            tags: self.tags,
            created_at: self.created_at.unwrap_or(DateTime::UNIX_EPOCH),
            variants: self.variants.into_iter().map(variant).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BehaviourRecorded {
    kind: BehaviourKind,
    product_id: String,
    session_id: String,
    #[serde(default)]
    customer_id: Option<String>,
    occurred_at: DateTime<Utc>,
}

impl BehaviourRecorded {
    pub(super) fn into_behaviour(self) -> Behaviour {
        Behaviour {
            kind: self.kind,
            product: self.product_id.into(),
            session: self.session_id,
            customer: self.customer_id,
            occurred_at: self.occurred_at,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConsentChanged {
    pub(super) customer_id: String,
    personalisation: bool,
    pub(super) revision: i64,
}

impl ConsentChanged {
    pub(super) const fn consent(&self) -> Consent {
        Consent { personalisation: self.personalisation }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileChanged {
    pub(super) customer_id: String,
    #[serde(default)]
    sizes: Vec<GarmentSize>,
    #[serde(default)]
    styles: Vec<String>,
    #[serde(default)]
    colors: Vec<String>,
    #[serde(default)]
    brands: Vec<String>,
    pub(super) revision: i64,
}

impl ProfileChanged {
    pub(super) fn into_profile(self) -> StyleProfile {
        StyleProfile { sizes: self.sizes, styles: self.styles, colors: self.colors, brands: self.brands }
    }
}
