//! What was promised of what is on its way, and how it moves.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};

use super::SupplyState;
use crate::{
    domain::{
        ChannelRules, Place, Stock,
        supply::{Coming, assign},
    },
    entity::{order_promise, promise_part},
    store::{StoreError, channels},
};

/// Keys of one statement.
const KEYS_PER_STATEMENT: usize = 1_000;

/// Pieces of an order line that are to be promised.
#[derive(Debug, Clone)]
pub(crate) struct NewPromise<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) order_line_id: &'a str,
    pub(crate) variant_id: &'a str,
    pub(crate) channel: &'a str,
    pub(crate) pickup_location_id: Option<&'a str>,
    pub(crate) quantity: i32,
}

/// Pieces that came and are those of an order line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) order_id: String,
    pub(crate) order_line_id: String,
    pub(crate) variant_id: String,
    pub(crate) location_id: String,
    pub(crate) quantity: i32,
}

/// Whether a promise can be kept from a location: the one where it is fetched, else one that sells and that its channel
/// sells from.
pub(crate) fn takes_from(
    rules: Option<&ChannelRules>,
    pickup: Option<&str>,
    (location_id, place): (&str, Option<&Place>),
) -> bool {
    if let Some(pickup) = pickup {
        return pickup == location_id;
    }
    let locations = rules.and_then(|rules| rules.locations.as_ref());
    place.is_some_and(|place| place.active) && locations.is_none_or(|chosen| chosen.contains_key(location_id))
}

impl SupplyState {
    /// Loads who waits for these variants, in the order in which they were promised.
    pub(super) async fn load_promises(
        &mut self,
        transaction: &impl ConnectionTrait,
        variant_ids: &[String],
    ) -> Result<(), StoreError> {
        self.promises = order_promise::Entity::find()
            .filter(order_promise::Column::VariantId.is_in(variant_ids.iter().map(String::as_str)))
            .filter(order_promise::Column::WaitingQuantity.gt(0))
            .order_by_asc(order_promise::Column::Sequence)
            .all(transaction)
            .await?;
        for chunk in self.promises.chunks(KEYS_PER_STATEMENT) {
            let keys = chunk.iter().map(|promise| promise.order_line_id.as_str());
            let parts = promise_part::Entity::find().filter(promise_part::Column::OrderLineId.is_in(keys));
            for part in parts.all(transaction).await? {
                self.parts.entry(part.order_line_id).or_default().insert(part.line_id, part.quantity);
            }
        }
        let channels: BTreeSet<&str> = self.promises.iter().map(|promise| promise.channel.as_str()).collect();
        let mut rules = BTreeMap::new();
        for channel in channels {
            if let Some(found) = channels::read(transaction, channel, &[]).await? {
                rules.insert(channel.to_owned(), found.rules);
            }
        }
        self.rules = rules;
        self.stored_promises = self.promises.iter().map(|row| (row.order_line_id.clone(), row.clone())).collect();
        self.stored_parts = self.parts.clone();
        Ok(())
    }

    /// Pieces that wait for a variant.
    pub(crate) fn waiting(&self, variant_id: &str) -> i32 {
        let own = self.promises.iter().filter(|promise| promise.variant_id == variant_id);
        own.fold(0, |sum: i32, promise| sum.saturating_add(promise.waiting_quantity))
    }

    /// What is on its way of a variant and promised to nobody, the earliest first.
    pub(crate) fn uncommitted(&self, variant_id: &str) -> Vec<Coming> {
        let own = self.lines.values().filter(|line| line.variant_id == variant_id);
        let mut coming: Vec<Coming> = own
            .filter(|line| line.open_quantity > line.promised_quantity)
            .map(|line| Coming {
                line_id: line.id.clone(),
                location_id: line.location_id.clone(),
                expected_at: line.expected_at,
                quantity: line.open_quantity - line.promised_quantity,
            })
            .collect();
        coming.sort_by(|one, other| (one.expected_at, &one.line_id).cmp(&(other.expected_at, &other.line_id)));
        coming
    }

    /// Promises pieces, behind all who wait already; [`Self::reassign`] says of what.
    pub(crate) fn promise(&mut self, new: &NewPromise<'_>, rules: &ChannelRules, now: DateTime<Utc>) {
        self.rules.entry(new.channel.to_owned()).or_insert_with(|| rules.clone());
        self.promises.push(order_promise::Model {
            sequence: i64::MAX,
            order_id: new.order_id.to_owned(),
            order_line_id: new.order_line_id.to_owned(),
            variant_id: new.variant_id.to_owned(),
            channel: new.channel.to_owned(),
            pickup_location_id: new.pickup_location_id.map(str::to_owned),
            quantity: new.quantity,
            waiting_quantity: new.quantity,
            expected_at: None,
            first_expected_at: now,
            promised_at: now,
            revision: 0,
            updated_at: now,
        });
    }

    /// Frees what was promised to an order.
    pub(crate) fn give_up(&mut self, order_id: &str) {
        for promise in self.promises.iter_mut().filter(|promise| promise.order_id == order_id) {
            promise.waiting_quantity = 0;
            self.given_up.insert(promise.order_line_id.clone());
        }
    }

    /// Whose the `accepted` pieces are, by variant and location: first promised first. Orders in `without` are passed over.
    pub(crate) fn keepers(
        &self,
        accepted: &BTreeMap<(String, String), i32>,
        places: &BTreeMap<String, Place>,
        without: &BTreeSet<String>,
    ) -> Vec<Kept> {
        let mut left = accepted.clone();
        let mut kept = Vec::new();
        for promise in self.promises.iter().filter(|promise| !without.contains(&promise.order_id)) {
            let mut missing = promise.waiting_quantity;
            for ((variant_id, location_id), pieces) in &mut left {
                let place = (location_id.as_str(), places.get(location_id));
                let rules = self.rules.get(&promise.channel);
                let take = missing.min(*pieces);
                if take <= 0
                    || *variant_id != promise.variant_id
                    || !takes_from(rules, promise.pickup_location_id.as_deref(), place)
                {
                    continue;
                }
                *pieces -= take;
                missing -= take;
                kept.push(Kept {
                    order_id: promise.order_id.clone(),
                    order_line_id: promise.order_line_id.clone(),
                    variant_id: variant_id.clone(),
                    location_id: location_id.clone(),
                    quantity: take,
                });
            }
        }
        kept
    }

    /// Pieces of an order line no longer wait: they are there.
    pub(crate) fn keep(&mut self, kept: &Kept) {
        let own = self.promises.iter_mut().find(|promise| promise.order_line_id == kept.order_line_id);
        if let Some(promise) = own {
            promise.waiting_quantity -= kept.quantity;
        }
    }

    /// Gives everybody who waits what is on its way: first promised first, the earliest first.
    pub(crate) fn reassign(&mut self, stock: &Stock) {
        self.parts.clear();
        for line in self.lines.values_mut() {
            line.promised_quantity = 0;
        }
        let variant_ids: BTreeSet<String> = self.promises.iter().map(|promise| promise.variant_id.clone()).collect();
        for variant_id in variant_ids {
            let mut coming = self.uncommitted(&variant_id);
            for promise in self.promises.iter_mut().filter(|promise| promise.variant_id == variant_id) {
                if promise.waiting_quantity == 0 {
                    continue;
                }
                let (rules, pickup) = (self.rules.get(&promise.channel), promise.pickup_location_id.as_deref());
                let is_near = |id: &&String| takes_from(rules, pickup, (id, stock.places.get(*id)));
                let places: BTreeSet<String> =
                    coming.iter().map(|one| &one.location_id).filter(is_near).cloned().collect();
                let assigned = assign(&mut coming, &places, promise.waiting_quantity);
                promise.expected_at = assigned.expected_at;
                for (line_id, pieces) in assigned.parts {
                    if let Some(line) = self.lines.get_mut(&line_id) {
                        line.promised_quantity += pieces;
                    }
                    self.parts.entry(promise.order_line_id.clone()).or_default().insert(line_id, pieces);
                }
            }
        }
    }

    /// Writes the parts of promises that are of other lines than before, or of another number of pieces.
    pub(super) async fn save_parts(&mut self, transaction: &impl ConnectionTrait) -> Result<(), StoreError> {
        let none = BTreeMap::new();
        let keys: BTreeSet<&String> = self.parts.keys().chain(self.stored_parts.keys()).collect();
        let mut rows = Vec::new();
        let mut stale = Vec::new();
        for key in keys {
            let (new, stored) = (self.parts.get(key).unwrap_or(&none), self.stored_parts.get(key).unwrap_or(&none));
            if new == stored {
                continue;
            }
            stale.push(key.as_str());
            rows.extend(new.iter().map(|(line_id, quantity)| {
                let row =
                    promise_part::Model { order_line_id: key.clone(), line_id: line_id.clone(), quantity: *quantity };
                row.into_active_model().reset_all()
            }));
        }
        for chunk in stale.chunks(KEYS_PER_STATEMENT) {
            let own = promise_part::Column::OrderLineId.is_in(chunk.iter().copied());
            promise_part::Entity::delete_many().filter(own).exec(transaction).await?;
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(KEYS_PER_STATEMENT));
            let rows = std::mem::replace(&mut rows, rest);
            promise_part::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        }
        self.stored_parts = self.parts.clone();
        Ok(())
    }
}

/// Writes one promise.
pub(super) async fn write(transaction: &impl ConnectionTrait, row: &order_promise::Model) -> Result<(), StoreError> {
    let is_new = row.revision == 1;
    let mut model = row.clone().into_active_model().reset_all();
    if is_new {
        model.sequence = NotSet;
        order_promise::Entity::insert(model).exec_without_returning(transaction).await?;
    } else {
        model.update(transaction).await?;
    }
    Ok(())
}
