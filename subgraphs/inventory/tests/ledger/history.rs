//! Reading the ledger: pages of what happened, and time that never runs back.

use chrono::TimeDelta;
use selvedge_inventory::{
    domain::EventKind,
    entity::stock_event,
    store::catalog_read::{HistoryFilter, PageRequest, history_cursor, stock_at, stock_history},
};

use crate::warehouse::{FAR, NEAR, Warehouse, variant_id};

on_each_engine!(
    pages_lead_through_all_events,
    a_filter_leaves_what_it_says,
    a_clock_set_back_makes_no_past_that_was_not
);

async fn page(
    warehouse: &Warehouse,
    filter: &HistoryFilter,
    size: u64,
    after: Option<String>,
) -> (Vec<stock_event::Model>, bool) {
    let request = PageRequest { size, backward: false, after, before: None };
    let page = stock_history(&warehouse.store, &variant_id("SKU-0"), filter, &request).await.unwrap();
    (page.rows, page.has_next_page)
}

async fn pages_lead_through_all_events(warehouse: Warehouse) {
    for on_hand in 1..=7 {
        warehouse.stock("SKU-0", if on_hand % 2 == 0 { FAR } else { NEAR }, on_hand).await;
        warehouse.stock("SKU-1", NEAR, on_hand).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let (rows, more) = page(&warehouse, &HistoryFilter::default(), 2, after).await;
        after = rows.last().map(history_cursor);
        seen.extend(rows.into_iter().map(|row| row.on_hand_delta));
        if !more {
            break;
        }
    }
    let mut expected: Vec<i32> = warehouse
        .events()
        .await
        .into_iter()
        .filter(|event| event.variant_id == variant_id("SKU-0"))
        .map(|event| event.on_hand_delta)
        .collect();
    expected.reverse();
    assert_eq!(seen, expected);
}

async fn a_filter_leaves_what_it_says(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.stock("SKU-0", FAR, 10).await;
    warehouse.reserve("SKU-0", 3).await.unwrap();
    let kinds = async |filter: HistoryFilter| -> Vec<String> {
        page(&warehouse, &filter, 10, None).await.0.into_iter().map(|row| row.kind).collect()
    };
    let there = HistoryFilter { location_id: Some(FAR.to_owned()), ..HistoryFilter::default() };
    assert_eq!(kinds(there).await, ["LOADED"]);
    let reserved = HistoryFilter { kinds: vec![EventKind::Reserved, EventKind::Expired], ..HistoryFilter::default() };
    assert_eq!(kinds(reserved).await, ["RESERVED"]);
    let events = warehouse.events().await;
    let time = events[2].occurred_at;
    let until = HistoryFilter { until: Some(events[0].occurred_at), ..HistoryFilter::default() };
    assert_eq!(kinds(until).await, [""; 0]);
    let from = HistoryFilter { from: Some(time + TimeDelta::milliseconds(1)), ..HistoryFilter::default() };
    assert_eq!(kinds(from).await, [""; 0]);
    let from = HistoryFilter { from: Some(time), until: Some(time + TimeDelta::hours(1)), ..HistoryFilter::default() };
    assert_eq!(kinds(from).await[0], "RESERVED");
}

async fn a_clock_set_back_makes_no_past_that_was_not(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    // As if the first event had been written while the clock was an hour ahead.
    let ahead = warehouse.events().await[0].occurred_at + TimeDelta::hours(1);
    let ahead_text = ahead.to_rfc3339();
    warehouse.sql(&format!("UPDATE stock_event SET occurred_at = '{ahead_text}'")).await.unwrap();
    warehouse.sql(&format!("UPDATE stock_level SET updated_at = '{ahead_text}'")).await.unwrap();
    warehouse.stock("SKU-0", NEAR, 4).await;
    let events = warehouse.events().await;
    assert_eq!(events[1].occurred_at, ahead, "later is not earlier");
    let ids = [variant_id("SKU-0")];
    assert_eq!(stock_at(&warehouse.store, &ids, ahead - TimeDelta::seconds(1)).await.unwrap(), []);
    let then = stock_at(&warehouse.store, &ids, ahead).await.unwrap();
    assert_eq!((then[0].level.quantities.on_hand, then[0].level.version), (4, 2));
    // A hand in the database that makes time run back: the state is still one that there was.
    warehouse.sql("UPDATE stock_event SET occurred_at = '2020-01-01T00:00:00+00:00' WHERE version = 2").await.unwrap();
    let then = stock_at(&warehouse.store, &ids, ahead - TimeDelta::seconds(1)).await.unwrap();
    assert_eq!((then[0].level.quantities.on_hand, then[0].level.version), (4, 2));
}
