//! Reservations that are answered together: the same guarantees, whoever else writes and whoever goes away.

use std::time::Duration;

use futures::future::join_all;
use sea_orm::ConnectionTrait;
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason, AskedLine, Caller, ReserveLine, ReserveStock},
    domain::{Change, ErrorCode, QuantityName},
    store::StoreError,
};

use crate::warehouse::{FAR, NEAR, Warehouse, eventually, line, new_key, shopper, staff};

on_each_engine!(
    many_who_want_the_same_are_answered_in_their_order,
    one_key_many_times_among_others_is_done_once,
    whoever_goes_away_is_served_once,
    other_commands_and_processes_get_in_between,
    what_the_lane_remembers_is_not_sold_when_it_changes,
    lines_of_hot_and_cold_skus_together,
    partial_reservations_hold_what_there_is,
    a_reservation_can_be_extended_within_limits,
    too_many_are_turned_away_at_once,
);

fn one(sku: &str) -> ReserveStock {
    ReserveStock { lines: vec![line(sku, 1)], ..ReserveStock::default() }
}

/// More than one commit's worth, from one process: exactly what there is, and every refusal after the last grant.
async fn many_who_want_the_same_are_answered_in_their_order(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 300).await;
    warehouse.stock("SKU-0", FAR, 50).await;
    let (caller, input) = (shopper(), one("SKU-0"));
    let keys: Vec<String> = (0..400).map(|_| new_key()).collect();
    let buyers = keys.iter().map(|key| warehouse.commands.reserve(&caller, &input, key));
    let answers: Vec<_> = join_all(buyers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 350);
    // One task asks for all of them, so they arrive in order. The first few went to a shared lane, before the SKU was hot.
    let first_refused = answers.iter().skip(4).position(Result::is_err).unwrap();
    assert!(first_refused >= 340, "{first_refused}");
    let far = answers.iter().flatten().filter(|reserved| reserved.lines[0].location_id == FAR).count();
    assert_eq!(far, 50);
    let again = warehouse.commands.reserve(&caller, &input, &keys[7]).await.unwrap();
    assert_eq!(again, answers[7]);
    let again = warehouse.commands.reserve(&caller, &input, &keys[399]).await.unwrap();
    assert_eq!(again, answers[399]);
    assert_eq!(warehouse.badge("SKU-0").await.available, 0);
    warehouse.assert_verified().await;
}

async fn one_key_many_times_among_others_is_done_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 100).await;
    let (caller, input, other) = (shopper(), one("SKU-0"), ReserveStock { ttl_seconds: Some(60), ..one("SKU-0") });
    let keys: Vec<String> = (0..60).map(|index| format!("key {}", index % 20)).collect();
    let requests = keys.iter().enumerate().map(|(index, key)| {
        // The last of the three asks for something else.
        warehouse.commands.reserve(&caller, if index < 40 { &input } else { &other }, key)
    });
    let answers: Vec<_> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
    for index in 0..20 {
        assert!(answers[index].is_ok());
        assert_eq!(answers[index], answers[index + 20]);
        assert_eq!(answers[index + 40].as_ref().unwrap_err()[0].code, ErrorCode::IdempotencyKeyReused);
    }
    assert_eq!(warehouse.badge("SKU-0").await.available, 80);
    warehouse.assert_verified().await;
}

/// Callers who stop waiting, at any moment, and come back with the same key.
async fn whoever_goes_away_is_served_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 1_000).await;
    let buyers = (0..80_u64).map(|buyer| {
        let commands = warehouse.commands.clone();
        tokio::spawn(async move {
            let (caller, input, key) = (shopper(), one("SKU-0"), format!("buyer {buyer}"));
            for patience in 0..3 {
                let wait = Duration::from_micros(buyer * 37 + patience * 500);
                let _ = tokio::time::timeout(wait, commands.reserve(&caller, &input, &key)).await;
            }
            commands.reserve(&caller, &input, &key).await.unwrap().unwrap().reservation.id
        })
    });
    let mut ids: Vec<String> = join_all(buyers).await.into_iter().map(Result::unwrap).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 80);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, 80);
    warehouse.assert_verified().await;
}

/// Two processes reserve while staff adjusts and shoppers give back: nothing is lost, nothing is done twice.
async fn other_commands_and_processes_get_in_between(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 500).await;
    let (_, second) = warehouse.second_process().await;
    let workers = (0..24).map(|worker| {
        let commands = if worker % 2 == 0 { warehouse.commands.clone() } else { second.clone() };
        tokio::spawn(async move {
            for round in 0..6 {
                let reserved = commands.reserve(&shopper(), &one("SKU-0"), &new_key()).await.unwrap().unwrap();
                if worker % 4 == 0 {
                    commands.release(&shopper(), &reserved.reservation.id, &new_key()).await.unwrap().unwrap();
                }
                if worker % 8 == 1 && round % 2 == 0 {
                    let (sku, location_id) = ("SKU-0".to_owned(), FAR.to_owned());
                    let input = AdjustQuantities {
                        name: QuantityName::OnHand,
                        reason: AdjustmentReason::Received,
                        reference: None,
                        changes: vec![Change { sku, location_id, delta: 3, ..Change::default() }],
                    };
                    commands.adjust(&staff(), &input, &new_key()).await.unwrap().unwrap();
                }
            }
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    assert_eq!(warehouse.badge("SKU-0").await.available, 500 + 27 - 18 * 6);
    warehouse.assert_verified().await;
}

/// A product that is taken off, and a location that closes, while the lane is warm.
async fn what_the_lane_remembers_is_not_sold_when_it_changes(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 500).await;
    let buy = async |number: usize| {
        let caller = shopper();
        let (input, keys) = (one("SKU-0"), (0..number).map(|_| new_key()).collect::<Vec<_>>());
        let answers = join_all(keys.iter().map(|key| warehouse.commands.reserve(&caller, &input, key))).await;
        answers.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert!(buy(20).await.iter().all(Result::is_ok));
    warehouse.sql("UPDATE product SET status = 'DRAFT'").await.unwrap();
    let refused = buy(20).await;
    assert!(refused.iter().all(|answer| answer.as_ref().unwrap_err()[0].code == ErrorCode::UnknownSku));
    warehouse.sql("UPDATE product SET status = 'ACTIVE'").await.unwrap();
    eventually(|| async { buy(20).await.iter().all(Result::is_ok) }).await;
    warehouse.sql("UPDATE variant SET stock_policy = 'BACKORDER' WHERE sku = 'SKU-0'").await.unwrap();
    let rest = usize::try_from(warehouse.badge("SKU-0").await.available).unwrap();
    assert!(buy(rest).await.iter().all(Result::is_ok));
    assert_eq!(warehouse.badge("SKU-0").await.state.as_str(), "BACKORDER");
    warehouse.assert_verified().await;
}

async fn lines_of_hot_and_cold_skus_together(warehouse: Warehouse) {
    for index in 0..6 {
        warehouse.stock(&format!("SKU-{index}"), NEAR, 200).await;
    }
    let (_, second) = warehouse.second_process().await;
    let buyers = (0..60_usize).map(|buyer| {
        let commands = if buyer % 3 == 0 { second.clone() } else { warehouse.commands.clone() };
        tokio::spawn(async move {
            let mut lines = vec![line("SKU-0", 1)];
            if buyer % 2 == 0 {
                lines.push(ReserveLine { location_id: Some(NEAR.to_owned()), ..line("SKU-1", 2) });
            }
            if buyer % 5 == 0 {
                lines.insert(0, line(&format!("SKU-{}", 2 + buyer % 4), 1));
            }
            if buyer % 10 == 3 {
                lines.push(ReserveLine { location_id: Some("nowhere".to_owned()), ..line("SKU-1", 1) });
            }
            let input = ReserveStock { lines, ..ReserveStock::default() };
            commands.reserve(&shopper(), &input, &new_key()).await.unwrap().is_ok()
        })
    });
    let granted = join_all(buyers).await.into_iter().filter(|answer| *answer.as_ref().unwrap()).count();
    assert_eq!(granted, 54);
    assert_eq!(warehouse.badge("SKU-0").await.available, 200 - 54);
    assert_eq!(warehouse.badge("SKU-1").await.available, 200 - 60);
    warehouse.assert_verified().await;
}

async fn partial_reservations_hold_what_there_is(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 1).await;
    let lines = vec![line("SKU-0", 6), line("SKU-1", 2), line("SKU-0", 1)];
    let input = ReserveStock { lines, allow_partial: true, ..ReserveStock::default() };
    let reserved = warehouse.commands.reserve(&shopper(), &input, "key-1").await.unwrap().unwrap();
    let asked = |sku: &str, wanted, held| AskedLine { sku: sku.to_owned(), wanted, held };
    assert_eq!(reserved.asked, [asked("SKU-0", 6, 4), asked("SKU-1", 2, 0), asked("SKU-0", 1, 0)]);
    assert_eq!(reserved.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [3, 1]);
    let again = warehouse.commands.reserve(&shopper(), &input, "key-1").await.unwrap().unwrap();
    assert_eq!(again, reserved);
    // All or nothing under the same key is another request, and there is nothing left for a new one.
    let whole = ReserveStock { allow_partial: false, ..input.clone() };
    let errors = warehouse.commands.reserve(&shopper(), &whole, "key-1").await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::IdempotencyKeyReused);
    let errors = warehouse.commands.reserve(&shopper(), &input, "key-2").await.unwrap().unwrap_err();
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [ErrorCode::InsufficientStock; 3]);
    warehouse.assert_verified().await;
}

async fn a_reservation_can_be_extended_within_limits(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    let input = ReserveStock { ttl_seconds: Some(60), ..one("SKU-0") };
    let reserved = warehouse.commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap();
    let id = reserved.reservation.id.clone();
    let extend = async |caller: Caller, seconds, key: &str| {
        warehouse.commands.extend(&caller, (&id, seconds), key).await.unwrap()
    };
    let extended = extend(shopper(), 600, "key-1").await.unwrap();
    assert!((extended.reservation.expires_at - reserved.reservation.created_at).num_seconds() >= 600);
    assert_eq!(extend(shopper(), 600, "key-1").await.unwrap(), extended);
    assert_eq!(extend(shopper(), 601, "key-1").await.unwrap_err()[0].code, ErrorCode::IdempotencyKeyReused);
    let stranger = Caller { actor: "customer-2".to_owned(), ..shopper() };
    assert_eq!(extend(stranger, 60, "key-2").await.unwrap_err()[0].code, ErrorCode::ReservationNotFound);
    for seconds in [9, 86_401] {
        assert_eq!(extend(shopper(), seconds, &new_key()).await.unwrap_err()[0].code, ErrorCode::InvalidTtl);
    }
    // Not longer than a day in all, however often.
    warehouse.sql("UPDATE reservation SET created_at = '2020-01-01 00:00:00+00:00'").await.unwrap();
    let errors = extend(shopper(), 60, &new_key()).await.unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::InvalidTtl);
    warehouse.run_out(&id).await;
    assert_eq!(extend(shopper(), 60, &new_key()).await.unwrap_err()[0].code, ErrorCode::ReservationNotActive);
    assert_eq!(warehouse.commands.expire_due().await.unwrap(), 1);
    assert_eq!(extend(shopper(), 60, &new_key()).await.unwrap_err()[0].code, ErrorCode::ReservationNotActive);
    warehouse.assert_verified().await;
}

/// Nobody is served while another holds the variant: what waits is bounded, and the rest hears so without waiting.
async fn too_many_are_turned_away_at_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10_000).await;
    let blocked = warehouse.store.begin_write().await.unwrap();
    blocked.execute_unprepared("UPDATE variant SET position = position").await.unwrap();
    let (caller, input) = (shopper(), one("SKU-0"));
    let buyers = (0..4_600).map(async |buyer| {
        let answer = warehouse.commands.reserve(&caller, &input, &format!("buyer {buyer}")).await;
        matches!(answer, Err(StoreError::Overloaded { .. }))
    });
    let unblock = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        blocked.commit().await.unwrap();
    };
    let (turned_away, ()) = tokio::join!(join_all(buyers), unblock);
    let turned_away = turned_away.into_iter().filter(|is_turned_away| *is_turned_away).count();
    assert!((200..=600).contains(&turned_away), "{turned_away}");
    let served = i32::try_from(4_600 - turned_away).unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, served);
    warehouse.assert_verified().await;
}
