//! One event into the state.

use chrono::{DateTime, Utc};
use selvedge_kit::event::Event;

use super::payload::{
    BehaviourRecorded, ConsentChanged, PayloadError, ProductChanged, ProfileChanged, StockBadgeChanged, read,
};
use crate::{
    domain::ProductId,
    state::{BadgeOutcome, LiveState},
};

/// The type of the events that are counted.
pub(super) const BEHAVIOUR_RECORDED: &str = "com.selvedge.preferences.behaviour_recorded.v1";

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The state has changed; a product itself has changed where `product` is set.
    Changed {
        /// Whether the event changed a product rather than stock, behaviour or a customer.
        product: bool,
    },
    /// It was known already, is of no use, or must not be kept.
    Ignored,
    /// It speaks of a product of which too little is known: ask inventory.
    Incomplete {
        /// The product.
        product: ProductId,
    },
}

/// Takes `event` into `state`. `now` bounds the time that a shopper's clock claims. Safe to repeat.
///
/// # Errors
///
/// When the data is not what the type of the event says; the state is unchanged then.
pub fn apply(state: &LiveState, event: &Event, now: DateTime<Utc>) -> Result<Applied, PayloadError> {
    match event.event_type.as_str() {
        "com.selvedge.inventory.stock_badge_changed.v1" => Ok(apply_badge(state, &read(event)?)),
        "com.selvedge.inventory.product_changed.v1" => Ok(apply_product(state, read(event)?)),
        BEHAVIOUR_RECORDED => Ok(apply_behaviour(state, event, read(event)?, now)),
        "com.selvedge.preferences.consent_changed.v1" => {
            let change: ConsentChanged = read(event)?;
            Ok(changed(state.change_consent(&change.customer_id, change.consent(), change.revision)))
        }
        "com.selvedge.preferences.profile_changed.v1" => {
            let change: ProfileChanged = read(event)?;
            let (customer, revision) = (change.customer_id.clone(), change.revision);
            Ok(changed(state.change_profile(&customer, change.into_profile(), revision)))
        }
        _ => Ok(Applied::Ignored),
    }
}

const fn changed(was_news: bool) -> Applied {
    if was_news { Applied::Changed { product: false } } else { Applied::Ignored }
}

fn apply_badge(state: &LiveState, change: &StockBadgeChanged) -> Applied {
    match state.change_badge(&change.sku.as_str().into(), &change.product_id, change.badge()) {
        BadgeOutcome::Applied => Applied::Changed { product: false },
        BadgeOutcome::Stale => Applied::Ignored,
        BadgeOutcome::UnknownProduct => Applied::Incomplete { product: change.product_id.as_str().into() },
    }
}

fn apply_product(state: &LiveState, change: ProductChanged) -> Applied {
    let id: ProductId = change.product_id.as_str().into();
    if change.deleted {
        return Applied::Changed { product: state.delete_product(&id, change.revision) };
    }
    if !state.change_product(change.facts.into_product(&id), change.revision) {
        return Applied::Ignored;
    }
    // Its stock may have been told long ago, further back than the bus remembers.
    if state.with_catalog(|catalog| catalog.has_all_badges(&id)) {
        Applied::Changed { product: true }
    } else {
        Applied::Incomplete { product: id }
    }
}

fn apply_behaviour(state: &LiveState, event: &Event, recorded: BehaviourRecorded, now: DateTime<Utc>) -> Applied {
    if !state.is_first(&event.id) {
        return Applied::Ignored;
    }
    let behaviour = recorded.into_behaviour();
    let (is_known, is_deleted) = state.with_catalog(|catalog| {
        (catalog.product(&behaviour.product).is_some(), catalog.is_deleted(&behaviour.product))
    });
    if is_deleted {
        return Applied::Ignored;
    }
    if !is_known && state.is_loaded() {
        // Learning from made-up ids would fill the memory; a product that is real is fetched and learned from then on.
        return Applied::Incomplete { product: behaviour.product };
    }
    state.learn(&behaviour, now);
    if is_known { Applied::Changed { product: false } } else { Applied::Incomplete { product: behaviour.product } }
}
