//! From what is on its way to who waits for it: promises are given anew, and those that moved are told.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde::Serialize;

use super::{SupplyState, promises};
use crate::{
    domain::{
        Place, StockPolicy,
        supply::{SellTerms, earliest},
    },
    entity::{location, order_promise, promise_entry, sell_policy, variant},
    store::{
        StoreError,
        ledger::{Note, new_id},
        levels::LoadedStock,
        outbox::{NewEvent, enqueue},
    },
};

/// Type of the event that tells that a promise moved.
pub const PROMISE_MOVED: &str = "com.selvedge.inventory.promise_moved.v1";

/// `data` of [`PROMISE_MOVED`]: nothing about the person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MovedData<'a> {
    order_id: &'a str,
    order_line_id: &'a str,
    sku: &'a str,
    waiting_quantity: i32,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    first_promised: DateTime<Utc>,
    reason: &'a str,
    revision: i64,
}

/// Gives everybody who waits what is on its way, writes lines and promises, and tells of those that moved; brings
/// `expected_at` of the variants up to date, whose badges are left to the caller.
pub(crate) async fn settle(
    transaction: &impl ConnectionTrait,
    loaded: &mut LoadedStock,
    supply: &mut SupplyState,
    note: &Note,
) -> Result<(), StoreError> {
    supply.reassign(&loaded.stock);
    supply.save(transaction).await?;
    supply.save_parts(transaction).await?;
    let mut events = Vec::new();
    let mut entries = Vec::new();
    for promise in &mut supply.promises {
        let stored = supply.stored_promises.get(&promise.order_line_id);
        let is_given_up = supply.given_up.contains(&promise.order_line_id);
        let kinds = kinds(promise, stored, is_given_up);
        if kinds.is_empty() {
            continue;
        }
        promise.revision += 1;
        promise.updated_at = loaded.now;
        if stored.is_none() {
            // It is promised of what is coming, and that has a time.
            promise.first_expected_at = promise.expected_at.ok_or(StoreError::Conflict { what: "inbound_line" })?;
        }
        promises::write(transaction, promise).await?;
        let from = stored.and_then(|stored| stored.expected_at);
        for kind in kinds {
            metrics::counter!("inventory_promises_total", "kind" => kind).increment(1);
            entries.push(entry(promise, (kind, from), &note.reason, loaded.now));
            if kind == MOVED {
                let sku = loaded.stock.variants.get(&promise.variant_id).map_or("", |variant| variant.sku.as_str());
                events.push(moved(promise, (sku, from), &note.reason)?);
            }
        }
    }
    if !entries.is_empty() {
        promise_entry::Entity::insert_many(entries).exec_without_returning(transaction).await?;
    }
    enqueue(transaction, events, loaded.now, &note.correlation_id).await?;
    let stored = supply.promises.iter().map(|promise| (promise.order_line_id.clone(), promise.clone()));
    supply.stored_promises = stored.collect();
    write_expected(transaction, loaded, supply).await
}

const MOVED: &str = "MOVED";

/// What happened to a promise.
fn kinds(
    promise: &order_promise::Model,
    stored: Option<&order_promise::Model>,
    is_given_up: bool,
) -> Vec<&'static str> {
    let Some(stored) = stored else { return vec!["MADE"] };
    let mut kinds = Vec::new();
    if promise.waiting_quantity < stored.waiting_quantity {
        kinds.push(if is_given_up { "GIVEN_UP" } else { "KEPT" });
    }
    if promise.waiting_quantity > 0 && promise.expected_at != stored.expected_at {
        kinds.push(MOVED);
    }
    kinds
}

fn entry(
    promise: &order_promise::Model,
    (kind, from): (&str, Option<DateTime<Utc>>),
    reason: &str,
    now: DateTime<Utc>,
) -> promise_entry::ActiveModel {
    let row = promise_entry::Model {
        id: new_id(),
        order_line_id: promise.order_line_id.clone(),
        revision: promise.revision,
        kind: kind.to_owned(),
        waiting_quantity: promise.waiting_quantity,
        from_at: from,
        to_at: promise.expected_at,
        reason: reason.to_owned(),
        occurred_at: now,
    };
    row.into_active_model().reset_all()
}

fn moved(
    promise: &order_promise::Model,
    (sku, from): (&str, Option<DateTime<Utc>>),
    reason: &str,
) -> Result<NewEvent, StoreError> {
    let data = MovedData {
        order_id: &promise.order_id,
        order_line_id: &promise.order_line_id,
        sku,
        waiting_quantity: promise.waiting_quantity,
        from,
        to: promise.expected_at,
        first_promised: promise.first_expected_at,
        reason,
        revision: promise.revision,
    };
    let data = serde_json::to_value(data)
        .map_err(|error| StoreError::Corrupt { table: "outbox", reason: error.to_string() })?;
    Ok(NewEvent {
        event_type: PROMISE_MOVED,
        schema: "promise_moved.v1",
        subject: promise.order_line_id.clone(),
        revision: promise.revision,
        data,
    })
}

/// When more comes of variants that sell beyond their stock: the earliest that is promised to nobody and comes to where it
/// is sold.
async fn write_expected(
    transaction: &impl ConnectionTrait,
    loaded: &mut LoadedStock,
    supply: &SupplyState,
) -> Result<(), StoreError> {
    let active: BTreeSet<String> =
        loaded.stock.places.iter().filter(|(_, place)| place.active).map(|(id, _)| id.clone()).collect();
    for variant_id in &supply.variant_ids {
        let Some(stock) = loaded.stock.variants.get_mut(variant_id) else { continue };
        let expected_at = earliest(&supply.uncommitted(variant_id), &active);
        if stock.policy == StockPolicy::Deny || stock.expected_at == expected_at {
            continue;
        }
        stock.expected_at = expected_at;
        let changed = variant::ActiveModel { expected_at: Set(expected_at), ..Default::default() };
        let own = variant::Column::Id.eq(variant_id.as_str());
        variant::Entity::update_many().set(changed).filter(own).exec(transaction).await?;
    }
    Ok(())
}

/// The terms of variants, whose policies are given by id.
pub(crate) async fn terms(
    connection: &impl ConnectionTrait,
    policies: &[(String, StockPolicy)],
) -> Result<std::collections::BTreeMap<String, SellTerms>, StoreError> {
    let ids = policies.iter().map(|(id, _)| id.as_str());
    let rows = sell_policy::Entity::find().filter(sell_policy::Column::VariantId.is_in(ids)).all(connection).await?;
    let terms = |(id, policy): &(String, StockPolicy)| {
        let row = rows.iter().find(|row| row.variant_id == *id);
        let terms = row.map_or(SellTerms::of(*policy), |row| SellTerms {
            policy: *policy,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            limit: row.promise_limit,
        });
        (id.clone(), terms)
    };
    Ok(policies.iter().map(terms).collect())
}

/// Locations by id.
pub(crate) async fn places(
    connection: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<std::collections::BTreeMap<String, Place>, StoreError> {
    let rows = location::Entity::find().filter(location::Column::Id.is_in(ids.iter().copied())).all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.id, Place { priority: row.priority, active: row.active })).collect())
}
