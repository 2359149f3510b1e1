//! What a shopper may be told, and the event that tells it.

use selvedge_inventory::{
    domain::StockState,
    store::badges::{self, BADGE_CHANGED},
};
use selvedge_kit::event::Event;

use crate::warehouse::{CLOSED, NEAR, Warehouse};

on_each_engine!(
    the_state_follows_the_pieces,
    every_change_is_announced_once_with_a_growing_revision,
    what_shoppers_do_not_see_is_not_announced,
    back_orders_say_when,
);

async fn the_state_follows_the_pieces(warehouse: Warehouse) {
    for (on_hand, state) in [(6, StockState::InStock), (5, StockState::LowStock), (0, StockState::OutOfStock)] {
        warehouse.stock("SKU-0", NEAR, on_hand).await;
        let badge = warehouse.badge("SKU-0").await;
        assert_eq!((badge.available, badge.state, badge.expected_at), (on_hand, state, None));
    }
}

async fn every_change_is_announced_once_with_a_growing_revision(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 6).await;
    warehouse.reserve("SKU-0", 2).await.unwrap();
    warehouse.reserve("SKU-0", 9).await.unwrap_err();
    let events: Vec<Event> =
        warehouse.outbox().await.into_iter().map(|row| serde_json::from_value(row.event).unwrap()).collect();
    assert_eq!(events.iter().map(|event| event.revision).collect::<Vec<_>>(), [1, 2]);
    let last = &events[1];
    assert_eq!((last.event_type.as_str(), last.source.as_str()), (BADGE_CHANGED, "/selvedge/inventory"));
    assert_eq!((last.subject.as_str(), last.correlationid.as_str()), ("SKU-0", "correlation-2"));
    assert_eq!(last.dataschema, "https://selvedge.dev/schema/events/stock_badge_changed.v1.json");
    assert_eq!(badges::from_event(last).unwrap(), warehouse.badge("SKU-0").await);
}

async fn what_shoppers_do_not_see_is_not_announced(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 6).await;
    warehouse.stock("SKU-0", CLOSED, 6).await;
    assert_eq!(warehouse.outbox().await.len(), 1);
    assert_eq!(warehouse.badge("SKU-0").await.revision, 1);
    warehouse.assert_verified().await;
}

async fn back_orders_say_when(warehouse: Warehouse) {
    warehouse.stock("SKU-9", NEAR, 0).await;
    let badge = warehouse.badge("SKU-9").await;
    assert_eq!(badge.state, StockState::Backorder);
    assert!(badge.expected_at.is_some());
    warehouse.stock("SKU-9", NEAR, 9).await;
    let badge = warehouse.badge("SKU-9").await;
    assert_eq!((badge.state, badge.expected_at), (StockState::InStock, None));
}
