//! What an order needs to be placed, and what it says when it is not.

use std::sync::Arc;

use selvedge_inventory::{
    command::{
        AllocationRule, ReserveStock, SetAllocations, SetChannel,
        order::{Checkout, Delivery, Orders},
    },
    domain::ErrorCode,
};

use super::desk::{PRICE, buy, cart, checkout};
use crate::warehouse::{FAR, NEAR, Warehouse, line, new_key, shopper, staff};

on_each_engine!(
    what_is_held_becomes_what_is_ordered,
    what_is_not_there_cannot_be_ordered,
    a_declined_payment_gives_everything_back,
    an_order_takes_over_what_its_customer_reserved,
    what_an_order_holds_neither_runs_out_nor_is_given_back_by_its_customer,
    a_lost_hold_is_paid_back,
    another_price_than_the_one_seen_is_not_paid,
    the_price_of_the_checkout_stays,
    what_is_fetched_is_taken_from_there,
    a_channel_sells_what_its_rules_leave_from_where_it_may,
    without_a_provider_nothing_is_ordered,
    every_change_is_announced_without_the_person,
);

async fn what_is_held_becomes_what_is_ordered(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 5).await;
    warehouse.stock("SKU-1", NEAR, 5).await;
    let id = buy(&warehouse.orders(), "tok_succeed", &[("SKU-0", 7), ("SKU-1", 1)]).await;
    let order = warehouse.order(&id).await;
    assert_eq!((order.status.as_str(), order.financial_status.as_str()), ("PLACED", "PAID"));
    assert_eq!((order.total_minor, order.captured_minor), (8 * PRICE, 8 * PRICE));
    let committed = [(NEAR, 3), (FAR, 4)];
    for (place, pieces) in committed {
        assert_eq!(warehouse.level("SKU-0", place).await.committed, pieces);
    }
    let kinds: Vec<String> = warehouse.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "COMMITTED").count(), 3, "{kinds:?}");
    assert_eq!(warehouse.saga(&id).await.payment_method, None, "the token is kept no longer than it is needed");
    warehouse.assert_books_balance(&id).await;
    warehouse.assert_verified().await;
    // The proof sees an order line that promises what is not committed.
    warehouse.sql("UPDATE order_allocation SET quantity = quantity + 1").await.unwrap();
    assert!(!selvedge_inventory::store::verify(&warehouse.store).await.unwrap().discrepancies.is_empty());
}

async fn what_is_not_there_cannot_be_ordered(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 2).await;
    let orders = warehouse.orders();
    let cart_id = cart(&orders, &shopper(), &[("SKU-0", 3)]).await;
    let id = orders.check_out(&shopper(), &checkout(&cart_id, "tok_succeed"), &new_key()).await.unwrap().unwrap();
    let order = warehouse.rested(&id).await;
    assert_eq!((order.status.as_str(), order.failure_code.as_deref()), ("FAILED", Some("INSUFFICIENT_STOCK")));
    assert!(order.cancel_reason.unwrap().contains("3 pieces of `SKU-0` are wanted, 2 are available"));
    assert!(warehouse.payments(&id).await.is_empty(), "nobody was asked to pay");
    // More come in, and the same cart can be bought.
    warehouse.stock("SKU-0", NEAR, 3).await;
    let id = orders.check_out(&shopper(), &checkout(&cart_id, "tok_succeed"), &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.rested(&id).await.status, "PLACED");
    let again = orders.check_out(&shopper(), &checkout(&cart_id, "tok_succeed"), &new_key()).await.unwrap();
    assert_eq!(again.unwrap_err()[0].code, ErrorCode::CartNotOpen);
    warehouse.assert_verified().await;
}

async fn a_declined_payment_gives_everything_back(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 2).await;
    for token in ["tok_insufficient_funds", "tok_decline", "tok_capture_decline", "no token at all"] {
        let id = buy(&warehouse.orders(), token, &[("SKU-0", 2)]).await;
        let order = warehouse.rested(&id).await;
        assert_eq!((order.status.as_str(), order.failure_code.as_deref()), ("FAILED", Some("PAYMENT_DECLINED")));
        assert_eq!(order.financial_status, "VOIDED");
        warehouse.assert_books_balance(&id).await;
        assert_eq!(warehouse.badge("SKU-0").await.available, 2);
    }
    warehouse.assert_verified().await;
}

async fn an_order_takes_over_what_its_customer_reserved(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 2).await;
    let own = warehouse.reserve("SKU-0", 2).await.unwrap().reservation.id;
    let orders = warehouse.orders();
    let cart_id = cart(&orders, &shopper(), &[("SKU-0", 2)]).await;
    let input = Checkout { reservation_ids: vec![own, "unknown".to_owned()], ..checkout(&cart_id, "tok_succeed") };
    let id = orders.check_out(&shopper(), &input, &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.rested(&id).await.status, "PLACED");
    // Another's reservation is left alone.
    warehouse.stock("SKU-1", NEAR, 2).await;
    let input =
        ReserveStock { lines: vec![line("SKU-1", 2)], allow_partial: false, ttl_seconds: None, reference: None };
    let others = warehouse.commands.reserve(&staff(), &input, &new_key()).await.unwrap().unwrap().reservation.id;
    let cart_id = cart(&orders, &shopper(), &[("SKU-1", 2)]).await;
    let input = Checkout { reservation_ids: vec![others], ..checkout(&cart_id, "tok_succeed") };
    let id = orders.check_out(&shopper(), &input, &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.rested(&id).await.failure_code.as_deref(), Some("INSUFFICIENT_STOCK"));
    warehouse.assert_verified().await;
}

async fn what_an_order_holds_neither_runs_out_nor_is_given_back_by_its_customer(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 2).await;
    let wait = selvedge_inventory::command::order::OrderSettings {
        answer_within: std::time::Duration::from_millis(300),
        ..super::desk::SETTINGS
    };
    let id = buy(&warehouse.orders().with_settings(wait), "tok_late_60000", &[("SKU-0", 2)]).await;
    let held = warehouse.order(&id).await.reservation_id.unwrap();
    let refused = warehouse.commands.release(&shopper(), &held, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(refused[0].code, ErrorCode::ReservationNotFound);
    assert_eq!(warehouse.commands.expire_due().await.unwrap(), 0);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, 2);
    warehouse.assert_verified().await;
}

/// Staff can take anything away, also what is being paid for: the order says so, and the money goes back.
async fn a_lost_hold_is_paid_back(warehouse: Warehouse) {
    use selvedge_inventory::{command::order::Moment, domain::order::Step};
    warehouse.stock("SKU-0", NEAR, 2).await;
    let killed = Arc::default();
    let hook = super::desk::KillOnce::at((Step::Capture, Moment::AfterCommit), &killed);
    let id = buy(&warehouse.orders().with_hook(hook), "tok_succeed", &[("SKU-0", 2)]).await;
    let held = warehouse.order(&id).await.reservation_id.unwrap();
    warehouse.commands.release(&staff(), &held, &new_key()).await.unwrap().unwrap();
    let _worker = warehouse.worker(warehouse.orders());
    let order = warehouse.rested(&id).await;
    assert_eq!((order.status.as_str(), order.financial_status.as_str()), ("FAILED", "REFUNDED"));
    warehouse.assert_books_balance(&id).await;
    warehouse.assert_verified().await;
}

async fn another_price_than_the_one_seen_is_not_paid(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    let orders = warehouse.orders();
    let cart_id = cart(&orders, &shopper(), &[("SKU-0", 2)]).await;
    warehouse.sql("UPDATE variant SET price_minor = 150 WHERE sku = 'SKU-0'").await.unwrap();
    let seen = |total| Checkout { expected_total_minor: Some(total), ..checkout(&cart_id, "tok_succeed") };
    let key = new_key();
    for _ in 0..2 {
        let refused = orders.check_out(&shopper(), &seen(2 * PRICE), &key).await.unwrap().unwrap_err();
        assert_eq!(refused[0].code, ErrorCode::PriceChanged);
        assert!(refused[0].message.contains("300"), "{refused:?}");
    }
    assert_eq!(warehouse.badge("SKU-0").await.available, 5);
    let id = orders.check_out(&shopper(), &seen(300), &new_key()).await.unwrap().unwrap();
    let order = warehouse.rested(&id).await;
    assert_eq!((order.status.as_str(), order.captured_minor), ("PLACED", 300));
    // What costs nothing needs no payment.
    warehouse.sql("UPDATE variant SET price_minor = 0 WHERE sku = 'SKU-0'").await.unwrap();
    let id = buy(&orders, "tok_decline", &[("SKU-0", 1)]).await;
    assert_eq!(warehouse.rested(&id).await.status, "PLACED");
    warehouse.assert_books_balance(&id).await;
}

/// What the checkout said is what is paid, however long the way and whatever prices do meanwhile.
async fn the_price_of_the_checkout_stays(warehouse: Warehouse) {
    use selvedge_inventory::{command::order::Moment, domain::order::Step};
    warehouse.stock("SKU-0", NEAR, 5).await;
    for point in
        [(Step::Reserve, Moment::Begun), (Step::Price, Moment::BeforeCommit), (Step::Price, Moment::AfterCommit)]
    {
        warehouse.sql("UPDATE variant SET price_minor = 100 WHERE sku = 'SKU-0'").await.unwrap();
        let killed = Arc::default();
        let orders = warehouse.orders().with_hook(super::desk::KillOnce::at(point, &killed));
        let cart_id = cart(&orders, &shopper(), &[("SKU-0", 1)]).await;
        let input = Checkout { expected_total_minor: Some(PRICE), ..checkout(&cart_id, "tok_succeed") };
        let id = orders.check_out(&shopper(), &input, &new_key()).await.unwrap().unwrap();
        assert_eq!(killed.lock().unwrap().len(), 1);
        warehouse.sql("UPDATE variant SET price_minor = 150 WHERE sku = 'SKU-0'").await.unwrap();
        let _worker = warehouse.worker(warehouse.orders());
        let order = warehouse.rested(&id).await;
        assert_eq!((order.status.as_str(), order.captured_minor), ("PLACED", PRICE), "{point:?}");
        warehouse.assert_books_balance(&id).await;
    }
    warehouse.assert_verified().await;
}

async fn what_is_fetched_is_taken_from_there(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    warehouse.stock("SKU-0", FAR, 1).await;
    let orders = warehouse.orders();
    let cart_id = cart(&orders, &shopper(), &[("SKU-0", 1)]).await;
    let at =
        |place: &str| Checkout { delivery: Delivery::Pickup(place.to_owned()), ..checkout(&cart_id, "tok_succeed") };
    for place in ["nowhere", crate::warehouse::CLOSED] {
        let refused = orders.check_out(&shopper(), &at(place), &new_key()).await.unwrap().unwrap_err();
        assert_eq!(refused[0].code, ErrorCode::UnknownLocation);
    }
    let id = orders.check_out(&shopper(), &at(FAR), &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.rested(&id).await.status, "PLACED");
    assert_eq!(warehouse.level("SKU-0", FAR).await.committed, 1);
    warehouse.assert_verified().await;
}

async fn a_channel_sells_what_its_rules_leave_from_where_it_may(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    warehouse.stock("SKU-0", FAR, 5).await;
    let online = SetChannel {
        code: "online".to_owned(),
        name: "Online".to_owned(),
        active: true,
        safety_stock: 3,
        location_ids: vec![FAR.to_owned()],
    };
    warehouse.commands.set_channel(&staff(), &online, &new_key()).await.unwrap().unwrap();
    let orders = warehouse.orders();
    let order = warehouse.rested(&buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await).await;
    assert_eq!((order.status.as_str(), order.failure_code.as_deref()), ("FAILED", Some("CHANNEL_LIMIT_EXCEEDED")));
    assert_eq!(warehouse.badge("SKU-0").await.available, 10);
    let id = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    assert_eq!(warehouse.rested(&id).await.status, "PLACED");
    assert_eq!((warehouse.level("SKU-0", FAR).await.committed, warehouse.level("SKU-0", NEAR).await.committed), (2, 0));
    let limit = AllocationRule { sku: Some("SKU-0".to_owned()), share_percent: None, limit: Some(0) };
    let none = SetAllocations { channel: "online".to_owned(), allocations: vec![limit] };
    warehouse.commands.set_allocations(&staff(), &none, &new_key()).await.unwrap().unwrap();
    let order = warehouse.rested(&buy(&orders, "tok_succeed", &[("SKU-0", 1)]).await).await;
    assert_eq!(order.failure_code.as_deref(), Some("CHANNEL_LIMIT_EXCEEDED"));
    warehouse.assert_verified().await;
}

async fn without_a_provider_nothing_is_ordered(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 5).await;
    let orders = Orders::new(warehouse.commands.clone(), None);
    let cart_id = cart(&orders, &shopper(), &[("SKU-0", 1)]).await;
    let key = new_key();
    let refused = orders.check_out(&shopper(), &checkout(&cart_id, "tok_succeed"), &key).await.unwrap().unwrap_err();
    assert_eq!(refused[0].code, ErrorCode::PaymentUnavailable);
    let later = warehouse.orders().check_out(&shopper(), &checkout(&cart_id, "tok_succeed"), &key).await.unwrap();
    assert_eq!(warehouse.order(&later.unwrap()).await.status, "PLACED");
}

async fn every_change_is_announced_without_the_person(warehouse: Warehouse) {
    use selvedge_inventory::command::order::Secret;
    warehouse.stock("SKU-0", NEAR, 5).await;
    let orders = warehouse.orders();
    let cart_id = cart(&orders, &shopper(), &[("SKU-0", 1)]).await;
    let input = Checkout {
        email: Some(Secret("ann@example.com".to_owned())),
        delivery: Delivery::Shipping(Some(Secret(r#"{"name":"Ann Example"}"#.to_owned()))),
        ..checkout(&cart_id, "tok_succeed")
    };
    assert!(!format!("{input:?}").contains("nn@example") && !format!("{input:?}").contains("tok_"));
    let id = orders.check_out(&shopper(), &input, &new_key()).await.unwrap().unwrap();
    warehouse.rested(&id).await;
    let events: Vec<serde_json::Value> =
        warehouse.outbox().await.into_iter().filter(|row| row.subject == id).map(|row| row.event).collect();
    let changes: Vec<&str> = events.iter().map(|event| event["data"]["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["CREATED", "RESERVED", "PRICED", "PAYMENT_AUTHORIZED", "PAID", "PLACED"]);
    for (event, revision) in events.iter().zip(1..) {
        assert_eq!((&event["revision"], &event["data"]["revision"]), (&revision.into(), &revision.into()));
        let parsed = serde_json::from_value(event.clone()).unwrap();
        assert_eq!(selvedge_kit::event::schemas::violations(&parsed), [""; 0]);
    }
    let everything = serde_json::to_string(&events).unwrap();
    assert!(!everything.contains("nn@example") && !everything.contains("Ann Example"), "{everything}");
}
