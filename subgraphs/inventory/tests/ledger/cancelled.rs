//! Callers who go away at any moment: whatever is answered to others after them is committed.

use std::{future::poll_fn, pin::pin, task::Poll};

use sea_orm::EntityTrait;
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason},
    domain::{Change, QuantityName},
    entity::reservation,
};

use crate::warehouse::{NEAR, Warehouse, new_key, staff};

on_each_engine!(what_is_answered_is_committed_whoever_went_away_before);

/// Rounds over all moments.
const ROUNDS: usize = 15;
/// A command waits less often than this.
const MOMENTS: usize = 20;

async fn what_is_answered_is_committed_whoever_went_away_before(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10_000).await;
    let (elsewhere, _) = warehouse.second_process().await;
    for moment in (0..ROUNDS).flat_map(|_| 0..MOMENTS) {
        let change = Change { sku: "SKU-0".to_owned(), location_id: NEAR.to_owned(), delta: 1, ..Change::default() };
        let input = AdjustQuantities {
            name: QuantityName::OnHand,
            reason: AdjustmentReason::CycleCount,
            reference: None,
            changes: vec![change],
        };
        let (staff, key) = (staff(), new_key());
        leave_at(moment, warehouse.commands.adjust(&staff, &input, &key)).await;

        let told = warehouse.reserve("SKU-0", 1).await.unwrap();
        let found = reservation::Entity::find_by_id(&told.reservation.id).one(elsewhere.reader()).await.unwrap();
        assert!(found.is_some(), "left at {moment}: a reservation was answered that nobody else sees");
    }
    let committed = i32::try_from(ROUNDS * MOMENTS).unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, committed);
    warehouse.assert_verified().await;
}

/// Drops `work` when it has to wait for the so-manieth time, unless it is done before.
async fn leave_at<T>(moment: usize, work: impl Future<Output = T>) {
    let (mut work, mut left) = (pin!(work), moment);
    poll_fn(|context| match (work.as_mut().poll(context), left) {
        (Poll::Ready(_), _) | (Poll::Pending, 0) => Poll::Ready(()),
        (Poll::Pending, _) => {
            left -= 1;
            Poll::Pending
        }
    })
    .await;
}
