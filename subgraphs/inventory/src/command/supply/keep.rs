//! Pieces that came and were promised: they are committed to those who wait, first promised first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;

use super::scene::Scene;
use crate::{
    domain::{
        EventKind, Place, Quantities,
        order::{OrderStatus, Piece},
    },
    store::{
        StoreError,
        orders::{OrderRows, rows},
        reservations::{self, ACTIVE, ReservationWithLines},
        supply::{self, Kept, Owner, SupplyState},
    },
};

/// Accepted pieces by variant and location.
pub(super) type Accepted = BTreeMap<(String, String), i32>;

/// The orders whose promises are kept now, locked before the variants are.
pub(super) struct Keeping {
    orders: BTreeMap<String, OrderRows>,
    /// What holds the pieces of orders that are still being placed.
    held: BTreeMap<String, ReservationWithLines>,
    /// Orders that cannot take anything.
    without: BTreeSet<String>,
    places: BTreeMap<String, Place>,
    kept: Vec<Kept>,
}

impl Keeping {
    /// Looks whose pieces `accepted` are, and locks their orders. Whether it is still so is seen under the lock of the
    /// variants.
    pub(super) async fn prepare(transaction: &DatabaseTransaction, accepted: &Accepted) -> Result<Self, StoreError> {
        let mut variant_ids: Vec<String> = accepted.keys().map(|(variant_id, _)| variant_id.clone()).collect();
        variant_ids.dedup();
        let mut ids: Vec<&str> = accepted.keys().map(|(_, location_id)| location_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let state = SupplyState::load(transaction, &variant_ids, Owner::None).await?;
        let mut keeping = Self {
            orders: BTreeMap::new(),
            held: BTreeMap::new(),
            without: BTreeSet::new(),
            places: supply::places(transaction, &ids).await?,
            kept: Vec::new(),
        };
        loop {
            let kept = state.keepers(accepted, &keeping.places, &keeping.without);
            let missing: BTreeSet<String> =
                kept.into_iter().map(|one| one.order_id).filter(|id| !keeping.orders.contains_key(id)).collect();
            if missing.is_empty() {
                return Ok(keeping);
            }
            for id in missing {
                keeping.lock(transaction, id).await?;
            }
        }
    }

    async fn lock(&mut self, transaction: &DatabaseTransaction, id: String) -> Result<(), StoreError> {
        let Some(order) = rows::lock(transaction, &id).await? else {
            self.without.insert(id);
            return Ok(());
        };
        match order.state()?.status {
            OrderStatus::Placed => {}
            OrderStatus::Pending => {
                let held = order.order.reservation_id.clone().unwrap_or_default();
                let held = reservations::lock(transaction, &held).await?;
                match held.filter(|held| held.reservation.status == ACTIVE) {
                    Some(held) => drop(self.held.insert(id.clone(), held)),
                    None => {
                        self.without.insert(id);
                        return Ok(());
                    }
                }
            }
            // They wait for nothing any more.
            OrderStatus::Completed | OrderStatus::Cancelled | OrderStatus::Failed => {
                self.without.insert(id);
                return Ok(());
            }
        }
        self.orders.insert(id, order);
        Ok(())
    }

    /// Commits accepted pieces to those who wait for them, as far as the scene goes.
    pub(super) fn keep(&mut self, scene: &mut Scene, accepted: &Accepted) -> Result<(), StoreError> {
        let kept = scene.supply.keepers(accepted, &self.places, &self.without);
        if kept.iter().any(|one| !self.orders.contains_key(&one.order_id)) {
            // Somebody was promised something meanwhile; the next attempt sees it.
            return Err(StoreError::Conflict { what: "order_promise" });
        }
        for one in &kept {
            scene.supply.keep(one);
            let change = Quantities { committed: one.quantity, ..Quantities::ZERO };
            let held = self.held.get(&one.order_id).map(|held| held.reservation.id.clone());
            scene.push_for(held, (one.variant_id.clone(), one.location_id.clone()), EventKind::PromiseKept, change);
        }
        self.kept = kept;
        Ok(())
    }

    /// Writes what the orders have now.
    pub(super) async fn write(
        mut self,
        transaction: &DatabaseTransaction,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let ids: BTreeSet<&String> = self.kept.iter().map(|one| &one.order_id).collect();
        for id in ids {
            let Some(order) = self.orders.get_mut(id) else { continue };
            let own: Vec<&Kept> = self.kept.iter().filter(|one| one.order_id == *id).collect();
            if let Some(held) = self.held.get_mut(id) {
                for one in &own {
                    let pieces = (one.variant_id.as_str(), one.location_id.as_str(), one.quantity);
                    reservations::add_pieces(transaction, held, pieces).await?;
                }
            } else {
                let mut state = order.state()?;
                for one in &own {
                    state.keep(&Piece {
                        line_id: one.order_line_id.clone(),
                        variant_id: one.variant_id.clone(),
                        location_id: one.location_id.clone(),
                        quantity: one.quantity,
                    });
                }
                order.apply(transaction, &state).await?;
            }
            let pieces: i32 = own.iter().map(|one| one.quantity).sum();
            order.record(transaction, ("PROMISE_KEPT", Some(format!("{pieces} pieces came"))), now).await?;
        }
        Ok(())
    }
}
