//! Callers who go away at any moment: whatever is answered to others after them is committed.

use std::time::Duration;

use sea_orm::EntityTrait;
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason},
    domain::{Change, QuantityName},
    entity::reservation,
};
use tokio::time::timeout;

use crate::warehouse::{NEAR, Warehouse, new_key, staff};

on_each_engine!(what_is_answered_is_committed_whoever_went_away_before);

/// Enough for each connection of the pool to have been left in the middle of something.
const CALLERS: u64 = 400;
/// Most go while the transaction is begun; every fourth goes later, or hears the answer.
const PATIENCE_US: [u64; 4] = [250, 250, 500, 3_000];

async fn what_is_answered_is_committed_whoever_went_away_before(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10_000).await;
    let (elsewhere, _) = warehouse.second_process().await;
    for caller in 0..CALLERS {
        let change = Change { sku: "SKU-0".to_owned(), location_id: NEAR.to_owned(), delta: 1, ..Change::default() };
        let input = AdjustQuantities {
            name: QuantityName::OnHand,
            reason: AdjustmentReason::CycleCount,
            reference: None,
            changes: vec![change],
        };
        let (staff, key) = (staff(), new_key());
        let leaving = warehouse.commands.adjust(&staff, &input, &key);
        let patience_us = PATIENCE_US[usize::try_from(caller % 4).unwrap()];
        let _ = timeout(Duration::from_micros(caller * 37 % patience_us), leaving).await;

        let told = warehouse.reserve("SKU-0", 1).await.unwrap();
        let found = reservation::Entity::find_by_id(&told.reservation.id).one(elsewhere.reader()).await.unwrap();
        assert!(found.is_some(), "caller {caller}: a reservation was answered that nobody else sees");
    }
    let committed = i32::try_from(CALLERS).unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, committed);
    warehouse.assert_verified().await;
}
