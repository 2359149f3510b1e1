//! Orders that are sent, fetched, rerouted, cancelled and taken back.

use selvedge_inventory::{
    command::{
        Caller,
        order::{ChangeOrder, Checkout, Delivery},
    },
    domain::{ErrorCode, order::Disposition},
};

use super::desk::{PRICE, buy, cart, change, checkout};
use crate::warehouse::{FAR, NEAR, Warehouse, new_key, shopper};

on_each_engine!(
    pieces_are_sent_in_parts_and_from_two_places,
    what_is_not_sent_is_given_back_with_its_price,
    what_comes_back_is_sold_again_or_not,
    a_parcel_is_called_back,
    an_order_is_laid_ready_and_fetched,
    open_pieces_are_sent_from_elsewhere,
    only_who_may_changes_an_order,
    the_same_key_changes_once,
);

async fn quantities(warehouse: &Warehouse, sku: &str, place: &str) -> (i32, i32, i32) {
    let level = warehouse.level(sku, place).await;
    (level.on_hand, level.committed, level.damaged)
}

fn fulfill(picks: &[(&str, Option<&str>, i32)]) -> ChangeOrder {
    let pick =
        |(line, place, quantity): &(&str, Option<&str>, i32)| ((*line).to_owned(), place.map(str::to_owned), *quantity);
    ChangeOrder::Fulfill { picks: picks.iter().map(pick).collect(), tracking_number: Some("T-1".to_owned()) }
}

fn back(lines: &[(&str, i32, Disposition)], refund: bool) -> ChangeOrder {
    let line = |(line, quantity, disposition): &(&str, i32, Disposition)| {
        ((*line).to_owned(), NEAR.to_owned(), *quantity, *disposition)
    };
    ChangeOrder::Return { lines: lines.iter().map(line).collect(), refund }
}

async fn status(warehouse: &Warehouse, id: &str) -> (String, String, String) {
    let order = warehouse.order(id).await;
    (order.status, order.fulfillment_status, order.financial_status)
}

fn are(status: &str, fulfillment: &str, financial: &str) -> (String, String, String) {
    (status.to_owned(), fulfillment.to_owned(), financial.to_owned())
}

async fn pieces_are_sent_in_parts_and_from_two_places(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 5).await;
    let orders = warehouse.orders();
    let id = buy(&orders, "tok_succeed", &[("SKU-0", 7)]).await;
    warehouse.rested(&id).await;
    let line = warehouse.order_lines(&id).await.remove(0).id;
    change(&orders, &id, fulfill(&[(&line, None, 5)])).await.unwrap();
    assert_eq!(quantities(&warehouse, "SKU-0", NEAR).await, (0, 0, 0));
    assert_eq!(quantities(&warehouse, "SKU-0", FAR).await, (3, 2, 0));
    assert_eq!(status(&warehouse, &id).await, are("PLACED", "PARTIALLY_FULFILLED", "PAID"));
    assert_eq!(warehouse.parcels(&id).await.len(), 2, "one parcel from each place");
    let refused = change(&orders, &id, fulfill(&[(&line, Some(NEAR), 1)])).await.unwrap_err();
    assert_eq!(refused[0].code, ErrorCode::InvalidQuantity);
    warehouse.assert_verified().await;
    change(&orders, &id, fulfill(&[])).await.unwrap();
    assert_eq!(status(&warehouse, &id).await, are("COMPLETED", "FULFILLED", "PAID"));
    assert_eq!(quantities(&warehouse, "SKU-0", FAR).await, (1, 0, 0));
    for illegal in [fulfill(&[]), ChangeOrder::Cancel("late".to_owned()), ChangeOrder::Prepare] {
        assert_eq!(change(&orders, &id, illegal).await.unwrap_err()[0].code, ErrorCode::OrderStateInvalid);
    }
    warehouse.assert_verified().await;
}

async fn what_is_not_sent_is_given_back_with_its_price(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    let orders = warehouse.orders();
    let _worker = warehouse.worker(orders.clone());
    let whole = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    warehouse.rested(&whole).await;
    change(&orders, &whole, ChangeOrder::Cancel("changed my mind".to_owned())).await.unwrap();
    warehouse.rested(&whole).await;
    assert_eq!(status(&warehouse, &whole).await, are("CANCELLED", "UNFULFILLED", "REFUNDED"));
    let part = buy(&orders, "tok_succeed", &[("SKU-0", 5)]).await;
    warehouse.rested(&part).await;
    let line = warehouse.order_lines(&part).await.remove(0).id;
    change(&orders, &part, fulfill(&[(&line, None, 3)])).await.unwrap();
    change(&orders, &part, ChangeOrder::Cancel("two are enough".to_owned())).await.unwrap();
    let order = warehouse.rested(&part).await;
    assert_eq!(status(&warehouse, &part).await, are("COMPLETED", "FULFILLED", "PARTIALLY_REFUNDED"));
    assert_eq!((order.captured_minor, order.refunded_minor), (5 * PRICE, 2 * PRICE));
    assert_eq!(quantities(&warehouse, "SKU-0", NEAR).await, (2, 0, 0));
    for id in [whole, part] {
        warehouse.assert_books_balance(&id).await;
    }
    warehouse.assert_verified().await;
}

async fn what_comes_back_is_sold_again_or_not(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 6).await;
    let orders = warehouse.orders();
    let _worker = warehouse.worker(orders.clone());
    let id = buy(&orders, "tok_succeed", &[("SKU-0", 6)]).await;
    warehouse.rested(&id).await;
    let line = warehouse.order_lines(&id).await.remove(0).id;
    let early = change(&orders, &id, back(&[(&line, 1, Disposition::Restock)], true)).await.unwrap_err();
    assert_eq!(early[0].code, ErrorCode::InvalidQuantity);
    change(&orders, &id, fulfill(&[])).await.unwrap();
    let mixed = [
        (line.as_str(), 2, Disposition::Restock),
        (&line, 1, Disposition::Damaged),
        (&line, 1, Disposition::Discarded),
    ];
    change(&orders, &id, back(&mixed, true)).await.unwrap();
    warehouse.rested(&id).await;
    assert_eq!(quantities(&warehouse, "SKU-0", NEAR).await, (3, 0, 1));
    assert_eq!(warehouse.badge("SKU-0").await.available, 2);
    assert_eq!(status(&warehouse, &id).await, are("COMPLETED", "PARTIALLY_RETURNED", "PARTIALLY_REFUNDED"));
    change(&orders, &id, back(&[(&line, 2, Disposition::Restock)], false)).await.unwrap();
    let order = warehouse.rested(&id).await;
    assert_eq!((order.fulfillment_status.as_str(), order.refunded_minor), ("RETURNED", 4 * PRICE));
    let more = change(&orders, &id, back(&[(&line, 1, Disposition::Restock)], true)).await.unwrap_err();
    assert_eq!(more[0].code, ErrorCode::InvalidQuantity);
    let kinds: Vec<String> = warehouse.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "RETURNED").count(), 4);
    warehouse.assert_books_balance(&id).await;
    warehouse.assert_verified().await;
}

async fn a_parcel_is_called_back(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 4).await;
    let orders = warehouse.orders();
    let id = buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await;
    warehouse.rested(&id).await;
    change(&orders, &id, fulfill(&[])).await.unwrap();
    let parcel = warehouse.parcels(&id).await.remove(0).id;
    change(&orders, &id, ChangeOrder::CancelFulfillment(parcel.clone())).await.unwrap();
    assert_eq!(quantities(&warehouse, "SKU-0", NEAR).await, (4, 3, 0));
    assert_eq!(status(&warehouse, &id).await, are("PLACED", "UNFULFILLED", "PAID"));
    let twice = change(&orders, &id, ChangeOrder::CancelFulfillment(parcel)).await.unwrap_err();
    assert_eq!(twice[0].code, ErrorCode::OrderStateInvalid);
    let unknown = change(&orders, &id, ChangeOrder::CancelFulfillment("no".to_owned())).await.unwrap_err();
    assert_eq!(unknown[0].code, ErrorCode::FulfillmentNotFound);
    warehouse.assert_verified().await;
}

async fn an_order_is_laid_ready_and_fetched(warehouse: Warehouse) {
    warehouse.stock("SKU-0", FAR, 5).await;
    let orders = warehouse.orders();
    let _worker = warehouse.worker(orders.clone());
    let mut bought = Vec::new();
    for _ in 0..2 {
        let cart_id = cart(&orders, &shopper(), &[("SKU-0", 2)]).await;
        let input = Checkout { delivery: Delivery::Pickup(FAR.to_owned()), ..checkout(&cart_id, "tok_succeed") };
        bought.push(orders.check_out(&shopper(), &input, &new_key()).await.unwrap().unwrap());
    }
    let [fetched, forgotten] = [bought[0].as_str(), bought[1].as_str()];
    for id in [fetched, forgotten] {
        change(&orders, id, ChangeOrder::Prepare).await.unwrap();
        assert_eq!(status(&warehouse, id).await, are("PLACED", "READY_FOR_PICKUP", "PAID"));
        assert_eq!(change(&orders, id, fulfill(&[])).await.unwrap_err()[0].code, ErrorCode::OrderStateInvalid);
    }
    assert_eq!(quantities(&warehouse, "SKU-0", FAR).await, (5, 4, 0));
    let parcel = warehouse.parcels(fetched).await.remove(0).id;
    change(&orders, fetched, ChangeOrder::HandOver(parcel)).await.unwrap();
    assert_eq!(status(&warehouse, fetched).await, are("COMPLETED", "FULFILLED", "PAID"));
    assert_eq!(warehouse.parcels(fetched).await[0].status, "PICKED_UP");
    change(&orders, forgotten, ChangeOrder::Cancel("nobody came".to_owned())).await.unwrap();
    assert_eq!(warehouse.parcels(forgotten).await[0].status, "CANCELLED");
    assert_eq!(warehouse.rested(forgotten).await.financial_status, "REFUNDED");
    assert_eq!(quantities(&warehouse, "SKU-0", FAR).await, (3, 0, 0));
    warehouse.assert_verified().await;
}

async fn open_pieces_are_sent_from_elsewhere(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 2).await;
    let orders = warehouse.orders();
    let id = buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await;
    warehouse.rested(&id).await;
    let line = warehouse.order_lines(&id).await.remove(0).id;
    let reroute = |to: &str, quantity| ChangeOrder::Reroute {
        line_id: line.clone(),
        from: NEAR.to_owned(),
        to: to.to_owned(),
        quantity,
    };
    assert_eq!(change(&orders, &id, reroute(FAR, 3)).await.unwrap_err()[0].code, ErrorCode::InsufficientStock);
    let closed = change(&orders, &id, reroute(crate::warehouse::CLOSED, 1)).await.unwrap_err();
    assert_eq!(closed[0].code, ErrorCode::UnknownLocation);
    change(&orders, &id, reroute(FAR, 2)).await.unwrap();
    assert_eq!(quantities(&warehouse, "SKU-0", NEAR).await, (3, 1, 0));
    assert_eq!(quantities(&warehouse, "SKU-0", FAR).await, (2, 2, 0));
    warehouse.assert_verified().await;
    change(&orders, &id, fulfill(&[])).await.unwrap();
    assert_eq!(warehouse.order(&id).await.status, "COMPLETED");
    warehouse.assert_verified().await;
}

async fn only_who_may_changes_an_order(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    let orders = warehouse.orders();
    let ann = Caller { actor: "ann".to_owned(), ..shopper() };
    let bob = Caller { actor: "bob".to_owned(), ..shopper() };
    let cart_id = cart(&orders, &ann, &[("SKU-0", 1)]).await;
    let id = orders.check_out(&ann, &checkout(&cart_id, "tok_succeed"), &new_key()).await.unwrap().unwrap();
    let cancel = ChangeOrder::Cancel("mine".to_owned());
    for (caller, wanted) in [(&bob, &cancel), (&shopper(), &cancel), (&ann, &fulfill(&[]))] {
        let refused = orders.change(caller, (&id, wanted), &new_key()).await.unwrap().unwrap_err();
        assert_eq!(refused[0].code, ErrorCode::OrderNotFound);
    }
    orders.change(&ann, (&id, &cancel), &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.order(&id).await.status, "CANCELLED");
    warehouse.assert_verified().await;
}

async fn the_same_key_changes_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    let orders = warehouse.orders();
    let id = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    warehouse.rested(&id).await;
    let line = warehouse.order_lines(&id).await.remove(0).id;
    let (one, key) = (fulfill(&[(&line, None, 1)]), new_key());
    for _ in 0..3 {
        orders.change(&super::desk::clerk(), (&id, &one), &key).await.unwrap().unwrap();
    }
    assert_eq!(quantities(&warehouse, "SKU-0", NEAR).await, (2, 1, 0));
    warehouse.assert_verified().await;
}
