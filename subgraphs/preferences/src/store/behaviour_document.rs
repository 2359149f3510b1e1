//! A behaviour event as a document: its own outbox entry as well.

use serde::{Deserialize, Serialize};

use super::Moment;
use crate::domain::{BehaviourEvent, BehaviourKind, RecordedBehaviour};

/// What a shopper did, and whether the bus knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BehaviourDocument {
    /// The client's id of the event; unique, so that an event counts once.
    #[serde(rename = "_id")]
    pub id: String,
    /// UUIDv7: id of the published event, and the order of publication.
    pub published_id: String,
    kind: KindDocument,
    product_id: String,
    #[serde(default)]
    sku: Option<String>,
    session_id: String,
    #[serde(default)]
    customer_id: Option<String>,
    quantity: i32,
    #[serde(default)]
    dwell_ms: Option<i32>,
    occurred_at: Moment,
    recorded_at: Moment,
    expires_at: Moment,
    revision: i64,
    correlation_id: String,
    /// Whether the bus has it.
    pub published: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum KindDocument {
    View,
    Click,
    Cart,
    Purchase,
}

impl BehaviourDocument {
    /// The document of `recorded`, which the bus does not have yet.
    #[must_use]
    pub fn of(recorded: RecordedBehaviour) -> Self {
        let event = recorded.event;
        Self {
            id: event.id,
            published_id: recorded.published_id,
            kind: match event.kind {
                BehaviourKind::View => KindDocument::View,
                BehaviourKind::Click => KindDocument::Click,
                BehaviourKind::Cart => KindDocument::Cart,
                BehaviourKind::Purchase => KindDocument::Purchase,
            },
            product_id: event.product_id,
            sku: event.sku,
            session_id: event.session_id,
            customer_id: recorded.customer_id,
            quantity: event.quantity,
            dwell_ms: event.dwell_ms,
            occurred_at: Moment::at(event.occurred_at),
            recorded_at: Moment::at(recorded.recorded_at),
            expires_at: Moment::at(recorded.expires_at),
            revision: recorded.revision,
            correlation_id: recorded.correlation_id,
            published: false,
        }
    }

    /// What was recorded.
    #[must_use]
    pub fn recorded(&self) -> RecordedBehaviour {
        let event = BehaviourEvent {
            id: self.id.clone(),
            kind: match self.kind {
                KindDocument::View => BehaviourKind::View,
                KindDocument::Click => BehaviourKind::Click,
                KindDocument::Cart => BehaviourKind::Cart,
                KindDocument::Purchase => BehaviourKind::Purchase,
            },
            product_id: self.product_id.clone(),
            sku: self.sku.clone(),
            session_id: self.session_id.clone(),
            occurred_at: self.occurred_at.time(),
            dwell_ms: self.dwell_ms,
            quantity: self.quantity,
        };
        RecordedBehaviour {
            event,
            customer_id: self.customer_id.clone(),
            published_id: self.published_id.clone(),
            recorded_at: self.recorded_at.time(),
            revision: self.revision,
            correlation_id: self.correlation_id.clone(),
            expires_at: self.expires_at.time(),
        }
    }
}
