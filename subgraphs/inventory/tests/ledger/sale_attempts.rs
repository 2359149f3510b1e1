//! What could not be sold is counted beside the answers, and a rush is told.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::{
    command::{Caller, Commands, ReserveStock, SetAllocations, SetChannel, run_sale_attempts},
    domain::alert::Shoppers,
    entity::{sale_attempt, stock_alert},
    store::alerts::{AlertStatus, status_of},
};
use tokio_util::sync::CancellationToken;

use crate::{
    alerts::settings,
    orders::desk::{cart, checkout},
    warehouse::{NEAR, Warehouse, eventually, line, new_key, shopper, staff},
};

on_each_engine!(
    refusals_are_counted_by_sku_and_window,
    orders_count_by_their_channel,
    a_rush_is_told_once_and_is_over,
    several_processes_count_together,
    a_store_that_is_away_loses_nothing_and_stops_nobody,
    what_is_left_is_written_at_the_end,
);

impl Warehouse {
    async fn attempts(&self) -> Vec<sale_attempt::Model> {
        let all = sale_attempt::Entity::find().order_by_asc(sale_attempt::Column::Sku);
        all.order_by_asc(sale_attempt::Column::Channel).all(self.store.reader()).await.unwrap()
    }

    async fn try_to_reserve(&self, commands: &Commands, sku: &str, quantity: i32, allow_partial: bool) {
        let lines = vec![line(sku, quantity)];
        // The same every time, so that it is known which shoppers the sketch can tell apart.
        let reference = Some(format!("cart {sku} {quantity} {allow_partial}"));
        let input = ReserveStock { lines, allow_partial, reference, ..ReserveStock::default() };
        let _ = commands.reserve(&shopper(), &input, &new_key()).await.unwrap();
    }
}

/// SKU, channel, attempts, units wanted, units missed, shoppers. A window may end in the middle of a test.
fn sums(rows: &[sale_attempt::Model]) -> Vec<(String, String, i64, i64, i64, u64)> {
    let mut sums: Vec<(String, String, i64, i64, i64, u64)> = Vec::new();
    for row in rows {
        let shoppers = Shoppers::from_bytes(&row.shoppers).estimate();
        match sums.last_mut().filter(|last| (&last.0, &last.1) == (&row.sku, &row.channel)) {
            Some(last) => {
                last.2 += row.attempts;
                last.3 += row.units_wanted;
                last.4 += row.units_missed;
                last.5 += shoppers;
            }
            None => sums.push((
                row.sku.clone(),
                row.channel.clone(),
                row.attempts,
                row.units_wanted,
                row.units_missed,
                shoppers,
            )),
        }
    }
    sums
}

/// SKU, channel, attempts, units missed, where it is by chance which shoppers there are.
fn counts(rows: &[sale_attempt::Model]) -> Vec<(String, String, i64, i64)> {
    sums(rows).into_iter().map(|sum| (sum.0, sum.1, sum.2, sum.4)).collect()
}

fn sum(sku: &str, channel: &str, numbers: (i64, i64, i64), shoppers: u64) -> (String, String, i64, i64, i64, u64) {
    (sku.to_owned(), channel.to_owned(), numbers.0, numbers.1, numbers.2, shoppers)
}

async fn refusals_are_counted_by_sku_and_window(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 2).await;
    warehouse.try_to_reserve(&warehouse.commands, "SKU-0", 3, false).await;
    warehouse.try_to_reserve(&warehouse.commands, "SKU-0", 5, true).await;
    warehouse.try_to_reserve(&warehouse.commands, "SKU-0", 1, true).await;
    warehouse.try_to_reserve(&warehouse.commands, "SKU-1", 4, false).await;
    // None of these is for want of stock.
    warehouse.try_to_reserve(&warehouse.commands, "SKU-1", 0, false).await;
    warehouse.try_to_reserve(&warehouse.commands, "unknown", 1, false).await;
    // Somebody with a name, twice.
    let named = Caller { actor: "ann".to_owned(), ..shopper() };
    for _ in 0..2 {
        let input = ReserveStock { lines: vec![line("SKU-1", 1)], ..ReserveStock::default() };
        warehouse.commands.reserve(&named, &input, &new_key()).await.unwrap().unwrap_err();
    }
    assert_eq!(warehouse.attempts().await, [], "nothing is written in the way of an answer");
    assert_eq!(warehouse.commands.write_sale_attempts().await.unwrap(), 2);
    assert_eq!(warehouse.commands.write_sale_attempts().await.unwrap(), 0);
    let found = sums(&warehouse.attempts().await);
    assert_eq!(found, [sum("SKU-0", "", (3, 9, 7), 3), sum("SKU-1", "", (3, 6, 6), 2)]);
    warehouse.try_to_reserve(&warehouse.commands, "SKU-1", 2, false).await;
    warehouse.commands.write_sale_attempts().await.unwrap();
    assert_eq!(sums(&warehouse.attempts().await)[1], sum("SKU-1", "", (4, 8, 8), 3));
}

async fn orders_count_by_their_channel(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    let orders = warehouse.orders();
    let buy = async |quantity: i32| {
        let cart_id = cart(&orders, &shopper(), &[("SKU-0", quantity)]).await;
        let order =
            orders.check_out(&shopper(), &checkout(&cart_id, "tok_succeed"), &new_key()).await.unwrap().unwrap();
        warehouse.rested(&order).await
    };
    // More than there is.
    assert_eq!(buy(9).await.status, "FAILED");
    // More than the channel may sell.
    let channel = SetChannel {
        code: "online".to_owned(),
        name: "Online".to_owned(),
        active: true,
        safety_stock: 0,
        location_ids: Vec::new(),
    };
    warehouse.commands.set_channel(&staff(), &channel, &new_key()).await.unwrap().unwrap();
    let rule = selvedge_inventory::command::AllocationRule { sku: None, share_percent: None, limit: Some(1) };
    let rules = SetAllocations { channel: "online".to_owned(), allocations: vec![rule] };
    warehouse.commands.set_allocations(&staff(), &rules, &new_key()).await.unwrap().unwrap();
    assert_eq!(buy(2).await.failure_code.as_deref(), Some("CHANNEL_LIMIT_EXCEEDED"));
    assert_eq!(buy(1).await.status, "PLACED");
    warehouse.commands.write_sale_attempts().await.unwrap();
    assert_eq!(counts(&warehouse.attempts().await), [("SKU-0".to_owned(), "online".to_owned(), 2, 11)]);
}

async fn alerts_of_attempts(warehouse: &Warehouse) -> Vec<stock_alert::Model> {
    let mut alerts = warehouse.alerts().await;
    alerts.retain(|row| row.kind == "SALE_ATTEMPTS");
    alerts
}

async fn a_rush_is_told_once_and_is_over(warehouse: Warehouse) {
    let rush = async |count: usize| {
        for _ in 0..count {
            warehouse.try_to_reserve(&warehouse.commands, "SKU-0", 1, false).await;
        }
        warehouse.commands.write_sale_attempts().await.unwrap();
    };
    rush(9).await;
    let one_window = async || warehouse.attempts().await.len() == 1;
    assert!(!one_window().await || alerts_of_attempts(&warehouse).await.is_empty(), "nine are not ten");
    rush(1).await;
    if !one_window().await {
        // Five minutes ended in between; the whole is about one window.
        return;
    }
    let alerts = alerts_of_attempts(&warehouse).await;
    assert_eq!((alerts.len(), alerts[0].severity.as_str(), alerts[0].revision), (1, "MISSED_SALES", 1));
    assert_eq!((&alerts[0].facts["attempts"], &alerts[0].facts["unitsMissed"]), (&10.into(), &10.into()));
    rush(5).await;
    rush(4).await;
    assert_eq!(alerts_of_attempts(&warehouse).await[0].revision, 1, "it is told again when it has doubled");
    rush(1).await;
    if !one_window().await {
        return;
    }
    assert_eq!(alerts_of_attempts(&warehouse).await[0].revision, 2);
    let reactions = warehouse.reactions();
    reactions.sweep().await.unwrap();
    assert_eq!(status_of(&alerts_of_attempts(&warehouse).await[0]), AlertStatus::Open, "it is not over yet");
    let earlier = if warehouse.store.engine() == selvedge_inventory::store::Engine::Postgres {
        "UPDATE sale_attempt SET window_start = window_start - interval '1 hour';
         UPDATE stock_alert SET changed_at = changed_at - interval '1 hour'"
    } else {
        "UPDATE sale_attempt SET window_start = strftime('%Y-%m-%dT%H:%M:%f+00:00', window_start, '-1 hour');
         UPDATE stock_alert SET changed_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', changed_at, '-1 hour')"
    };
    warehouse.sql(earlier).await.unwrap();
    reactions.sweep().await.unwrap();
    assert_eq!(status_of(&alerts_of_attempts(&warehouse).await[0]), AlertStatus::Resolved);
    rush(10).await;
    let alerts = alerts_of_attempts(&warehouse).await;
    assert_eq!((alerts.len(), alerts[0].occurrences), (1, 2), "soon after it is the same rush");
    assert!(settings().reopen_within > TimeDelta::zero());
}

async fn several_processes_count_together(warehouse: Warehouse) {
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes.push(warehouse.second_process().await.1);
    }
    for _ in 0..5 {
        join_all(processes.iter().map(|commands| async {
            for sku in ["SKU-0", "SKU-1", "SKU-2"] {
                warehouse.try_to_reserve(commands, sku, 2, false).await;
            }
            commands.write_sale_attempts().await.unwrap();
        }))
        .await;
    }
    let found = sums(&warehouse.attempts().await);
    let numbers: Vec<(i64, i64)> = found.iter().map(|sum| (sum.2, sum.4)).collect();
    assert_eq!(numbers, [(20, 40); 3]);
    let alerts = alerts_of_attempts(&warehouse).await;
    assert!(alerts.len() <= 3, "one open alert per SKU, whoever writes: {alerts:?}");
}

async fn a_store_that_is_away_loses_nothing_and_stops_nobody(warehouse: Warehouse) {
    warehouse.sql("ALTER TABLE sale_attempt RENAME TO elsewhere").await.unwrap();
    for _ in 0..3 {
        // Answered as ever.
        warehouse.reserve("SKU-0", 1).await.unwrap_err();
        warehouse.commands.write_sale_attempts().await.unwrap_err();
    }
    warehouse.sql("ALTER TABLE elsewhere RENAME TO sale_attempt").await.unwrap();
    warehouse.commands.write_sale_attempts().await.unwrap();
    assert_eq!(counts(&warehouse.attempts().await), [("SKU-0".to_owned(), String::new(), 3, 3)]);
}

async fn what_is_left_is_written_at_the_end(warehouse: Warehouse) {
    let shutdown = CancellationToken::new();
    let writing = tokio::spawn(run_sale_attempts(warehouse.commands.clone(), shutdown.clone()));
    warehouse.reserve("SKU-0", 1).await.unwrap_err();
    eventually(|| async { !warehouse.attempts().await.is_empty() }).await;
    warehouse.reserve("SKU-0", 1).await.unwrap_err();
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(10), writing).await.unwrap().unwrap();
    assert_eq!(counts(&warehouse.attempts().await), [("SKU-0".to_owned(), String::new(), 2, 2)]);
}
