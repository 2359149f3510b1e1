//! One answer per idempotency key.

use futures::future::join_all;
use selvedge_inventory::{
    command::{Caller, ReserveStock},
    domain::ErrorCode,
};

use crate::warehouse::{NEAR, Warehouse, line, shopper};

on_each_engine!(
    the_same_key_gives_the_same_answer,
    a_refusal_is_an_answer_too,
    another_request_under_the_key_is_refused,
    concurrent_requests_with_one_key_do_it_once,
);

fn input(quantity: i32) -> ReserveStock {
    ReserveStock { lines: vec![line("SKU-0", quantity)], ..ReserveStock::default() }
}

async fn the_same_key_gives_the_same_answer(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let first = warehouse.commands.reserve(&shopper(), &input(2), "key-1").await.unwrap().unwrap();
    let again = warehouse.commands.reserve(&shopper(), &input(2), "key-1").await.unwrap().unwrap();
    assert_eq!(first, again);
    assert_eq!(warehouse.badge("SKU-0").await.available, 8);
    // Keys of different people do not meet.
    let other = Caller { actor: "customer-2".to_owned(), ..shopper() };
    let others = warehouse.commands.reserve(&other, &input(2), "key-1").await.unwrap().unwrap();
    assert_ne!(first.reservation.id, others.reservation.id);
    assert_eq!(warehouse.badge("SKU-0").await.available, 6);
}

async fn a_refusal_is_an_answer_too(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 1).await;
    let refused = warehouse.commands.reserve(&shopper(), &input(2), "key-1").await.unwrap().unwrap_err();
    warehouse.stock("SKU-0", NEAR, 10).await;
    let again = warehouse.commands.reserve(&shopper(), &input(2), "key-1").await.unwrap().unwrap_err();
    assert_eq!(refused, again);
}

async fn another_request_under_the_key_is_refused(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let reserved = warehouse.commands.reserve(&shopper(), &input(2), "key-1").await.unwrap().unwrap();
    let errors = warehouse.commands.reserve(&shopper(), &input(3), "key-1").await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::IdempotencyKeyReused);
    let errors = warehouse.commands.release(&shopper(), &reserved.reservation.id, "key-1").await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::IdempotencyKeyReused);
    assert_eq!(warehouse.badge("SKU-0").await.available, 8);
}

async fn concurrent_requests_with_one_key_do_it_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let (_, second) = warehouse.second_process().await;
    let (caller, input) = (shopper(), input(2));
    let requests = (0..16).map(|index| {
        let commands = if index % 2 == 0 { &warehouse.commands } else { &second };
        commands.reserve(&caller, &input, "key-1")
    });
    let answers = join_all(requests).await;
    let ids: Vec<String> = answers.into_iter().map(|answer| answer.unwrap().unwrap().reservation.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(warehouse.badge("SKU-0").await.available, 8);
    warehouse.assert_verified().await;
}
