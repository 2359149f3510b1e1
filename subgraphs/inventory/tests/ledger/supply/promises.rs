//! Promises of what is on its way: the earliest that is promised to nobody, moved with it, kept in the order in which they
//! were made.

use std::sync::Arc;

use futures::future::join_all;
use selvedge_inventory::{
    command::{
        AllocationRule, SetAllocations, SetChannel,
        order::{ChangeOrder, Checkout, Delivery, Moment},
        supply::ShipmentLine,
    },
    domain::{
        StockPolicy,
        order::Step,
        supply::{PurchaseAction, SellTerms, ShipmentAction},
    },
    store::supply::PROMISE_MOVED,
};

use super::yard::{day, part_of, told};
use crate::{
    orders::desk::{KillOnce, PRICE, buy, cart, change, checkout},
    warehouse::{FAR, NEAR, Warehouse, new_key, shopper, staff},
};

on_each_engine!(
    what_is_not_in_stock_is_promised_of_the_earliest_that_is_free,
    a_promise_moves_with_its_shipment_and_tells,
    what_comes_goes_to_who_was_promised_first,
    no_more_is_promised_than_is_coming,
    a_cancelled_order_frees_its_promise_and_others_move_up,
    an_order_that_is_not_paid_frees_its_promise,
    what_comes_while_an_order_is_paid_is_held_for_it,
    a_policy_says_when_and_how_many,
    a_channel_promises_by_its_rules,
    what_is_fetched_is_promised_of_what_goes_there,
    what_is_cut_is_promised_of_something_else_or_waits,
    the_badge_says_when_more_comes,
);

async fn what_is_not_in_stock_is_promised_of_the_earliest_that_is_free(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 2).await;
    warehouse.inbound("SKU-0", 3, day(5)).await;
    warehouse.inbound("SKU-0", 4, day(9)).await;
    let orders = warehouse.orders();
    let refused = buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await;
    assert_eq!(warehouse.rested(&refused).await.failure_code.as_deref(), Some("INSUFFICIENT_STOCK"), "it denies");
    warehouse.backorder("SKU-0").await;
    let first = buy(&orders, "tok_succeed", &[("SKU-0", 4)]).await;
    assert_eq!(warehouse.order(&first).await.status, "PLACED");
    assert_eq!(told(&warehouse.promise(&first).await), (2, Some(day(5))));
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, 2, "what is there is taken first");
    let second = buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await;
    assert_eq!(told(&warehouse.promise(&second).await), (3, Some(day(9))), "all of it is there with the second one");
    let third = warehouse.rested(&buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await).await;
    assert_eq!(third.failure_code.as_deref(), Some("INSUFFICIENT_STOCK"));
    assert!(third.cancel_reason.unwrap().contains("0 are available and 2 more can be promised"));
    assert_eq!(warehouse.order(&first).await.captured_minor, 4 * PRICE);
    warehouse.assert_promises_hold().await;
    // What is not there cannot be sent; the rest can.
    change(&orders, &first, ChangeOrder::Fulfill { picks: Vec::new(), tracking_number: None }).await.unwrap();
    assert_eq!(warehouse.order(&first).await.status, "PLACED");
    warehouse.assert_promises_hold().await;
    // The proof sees a promise that nothing backs.
    warehouse.sql("UPDATE promise_part SET quantity = quantity + 1").await.unwrap();
    assert!(!selvedge_inventory::store::verify(&warehouse.store).await.unwrap().discrepancies.is_empty());
}

async fn a_promise_moves_with_its_shipment_and_tells(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    let (early, _) = warehouse.inbound("SKU-0", 2, day(5)).await;
    warehouse.inbound("SKU-0", 2, day(9)).await;
    let orders = warehouse.orders();
    let first = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    let second = buy(&orders, "tok_succeed", &[("SKU-0", 1)]).await;
    warehouse.expect_at(&early, day(7)).await;
    assert_eq!(told(&warehouse.promise(&first).await), (2, Some(day(7))));
    // Now it is later than the other one: who was promised first has that.
    warehouse.expect_at(&early, day(20)).await;
    let promise = warehouse.promise(&first).await;
    assert_eq!((told(&promise), promise.first_expected_at), ((2, Some(day(9))), day(5)));
    assert_eq!(told(&warehouse.promise(&second).await), (1, Some(day(20))));
    assert_eq!(warehouse.history_of(&promise).await, ["MADE", "MOVED", "MOVED"]);
    let moved: Vec<serde_json::Value> = warehouse
        .outbox()
        .await
        .into_iter()
        .map(|row| row.event)
        .filter(|event| event["type"] == PROMISE_MOVED)
        .collect();
    assert_eq!(moved.len(), 3, "{moved:?}");
    for event in &moved {
        let parsed = serde_json::from_value(event.clone()).unwrap();
        assert_eq!(selvedge_kit::event::schemas::violations(&parsed), [""; 0]);
    }
    let own: Vec<&serde_json::Value> =
        moved.iter().filter(|event| event["data"]["orderId"] == first.as_str()).collect();
    let revisions: Vec<i64> = own.iter().map(|event| event["revision"].as_i64().unwrap()).collect();
    assert_eq!(revisions, [2, 3]);
    assert_eq!(own[1]["data"]["reason"], "inbound shipment expected at another time");
    // To the same time: nothing moves, nobody is told.
    warehouse.expect_at(&early, day(20)).await;
    assert_eq!(warehouse.promise(&first).await.revision, 3);
    warehouse.assert_promises_hold().await;
}

async fn what_comes_goes_to_who_was_promised_first(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    let (_, _) = warehouse.inbound("SKU-0", 3, day(5)).await;
    let (late, line) = warehouse.inbound("SKU-0", 5, day(9)).await;
    let orders = warehouse.orders();
    let first = buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await;
    let second = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    assert_eq!(told(&warehouse.promise(&second).await), (2, Some(day(9))));
    // The later one comes first, with four that can be sold.
    warehouse.receive(&late, &line, (4, 1, 0)).await.unwrap();
    assert_eq!(warehouse.promise(&first).await.waiting_quantity, 0);
    assert_eq!(told(&warehouse.promise(&second).await), (1, Some(day(5))), "the rest comes with the other one");
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.committed, level.incoming), (4, 4, 3));
    assert_eq!(warehouse.badge("SKU-0").await.available, 0, "nobody else can buy what was promised");
    let kinds: Vec<String> = warehouse.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "PROMISE_KEPT").count(), 2, "{kinds:?}");
    warehouse.assert_promises_hold().await;
    change(&orders, &first, ChangeOrder::Fulfill { picks: Vec::new(), tracking_number: None }).await.unwrap();
    assert_eq!(warehouse.order(&first).await.status, "COMPLETED");
    assert_eq!(warehouse.history_of(&warehouse.promise(&second).await).await, ["MADE", "KEPT", "MOVED"]);
    warehouse.assert_promises_hold().await;
}

async fn no_more_is_promised_than_is_coming(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    warehouse.stock("SKU-0", NEAR, 5).await;
    warehouse.inbound("SKU-0", 7, day(5)).await;
    let (_, second) = warehouse.second_process().await;
    let provider = || Arc::new(selvedge_inventory::payment::TestProvider::new(warehouse.store.clone()));
    let other = selvedge_inventory::command::order::Orders::new(second, Some(provider()));
    let buyers = (0..20).map(|number| {
        let orders = if number % 2 == 0 { warehouse.orders() } else { other.clone() };
        async move { buy(&orders, "tok_succeed", &[("SKU-0", 1)]).await }
    });
    let ids = join_all(buyers).await;
    let _worker = warehouse.worker(warehouse.orders());
    let mut placed = 0;
    for id in ids {
        placed += i32::from(warehouse.rested(&id).await.status == "PLACED");
    }
    assert_eq!(placed, 12, "five there and seven coming");
    warehouse.assert_promises_hold().await;
}

async fn a_cancelled_order_frees_its_promise_and_others_move_up(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    warehouse.stock("SKU-0", NEAR, 1).await;
    warehouse.inbound("SKU-0", 2, day(5)).await;
    warehouse.inbound("SKU-0", 2, day(9)).await;
    let orders = warehouse.orders();
    let first = buy(&orders, "tok_succeed", &[("SKU-0", 3)]).await;
    let second = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    assert_eq!(told(&warehouse.promise(&second).await), (2, Some(day(9))));
    let _worker = warehouse.worker(warehouse.orders());
    change(&orders, &first, ChangeOrder::Cancel("late".to_owned())).await.unwrap();
    let order = warehouse.rested(&first).await;
    assert_eq!((order.status.as_str(), order.refunded_minor), ("CANCELLED", 3 * PRICE));
    assert_eq!(told(&warehouse.promise(&second).await), (2, Some(day(5))));
    assert_eq!(warehouse.history_of(&warehouse.promise(&first).await).await, ["MADE", "GIVEN_UP"]);
    warehouse.assert_books_balance(&first).await;
    warehouse.assert_promises_hold().await;
}

async fn an_order_that_is_not_paid_frees_its_promise(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    warehouse.inbound("SKU-0", 2, day(5)).await;
    let orders = warehouse.orders();
    for token in ["tok_decline", "tok_capture_decline"] {
        let id = warehouse.rested(&buy(&orders, token, &[("SKU-0", 2)]).await).await.id;
        assert_eq!(warehouse.promise(&id).await.waiting_quantity, 0);
        warehouse.assert_promises_hold().await;
    }
    // Killed at each moment of the steps that promise, confirm and undo: still nothing is promised twice or forgotten.
    let killed = Arc::default();
    let _worker = warehouse.worker(warehouse.orders());
    for (step, token) in
        [(Step::Reserve, "tok_succeed"), (Step::Confirm, "tok_succeed"), (Step::UndoHold, "tok_decline")]
    {
        for moment in [Moment::Begun, Moment::BeforeCommit, Moment::AfterCommit] {
            let orders = warehouse.orders().with_hook(KillOnce::at((step, moment), &killed));
            let id = buy(&orders, token, &[("SKU-0", 2)]).await;
            let status = warehouse.rested(&id).await.status;
            assert_eq!(status, if token == "tok_succeed" { "PLACED" } else { "FAILED" });
            warehouse.assert_promises_hold().await;
            if status == "PLACED" {
                change(&orders, &id, ChangeOrder::Cancel("again".to_owned())).await.unwrap();
                warehouse.rested(&id).await;
            }
        }
    }
    assert_eq!(killed.lock().unwrap().len(), 9);
    warehouse.assert_promises_hold().await;
}

async fn what_comes_while_an_order_is_paid_is_held_for_it(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    warehouse.stock("SKU-0", NEAR, 1).await;
    let (shipment, line) = warehouse.inbound("SKU-0", 3, day(5)).await;
    let killed = Arc::default();
    for token in ["tok_succeed", "tok_capture_decline"] {
        let hook = KillOnce::at((Step::Price, Moment::AfterCommit), &killed);
        let id = buy(&warehouse.orders().with_hook(hook), token, &[("SKU-0", 2)]).await;
        assert_eq!(warehouse.order(&id).await.status, "PENDING");
        let waiting = warehouse.promise(&id).await.waiting_quantity;
        warehouse.receive(&shipment, &line, (1, 0, 0)).await.unwrap();
        assert_eq!(warehouse.promise(&id).await.waiting_quantity, waiting - 1);
        warehouse.assert_verified().await;
        let worker = warehouse.worker(warehouse.orders());
        let order = warehouse.rested(&id).await;
        drop(worker);
        assert_eq!(order.status, if token == "tok_succeed" { "PLACED" } else { "FAILED" });
        warehouse.assert_promises_hold().await;
    }
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.committed), (3, 2), "the one that was not paid is sold to whoever comes");
}

async fn a_policy_says_when_and_how_many(warehouse: Warehouse) {
    let past = chrono::DateTime::UNIX_EPOCH;
    warehouse.inbound("SKU-0", 9, day(5)).await;
    let orders = warehouse.orders();
    let code = async |terms| {
        warehouse.sells_beyond("SKU-0", terms).await.unwrap();
        warehouse.rested(&buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await).await.failure_code
    };
    let preorder = SellTerms { limit: Some(3), ..SellTerms::of(StockPolicy::Preorder) };
    let refused = Some("INSUFFICIENT_STOCK".to_owned());
    assert_eq!(code(SellTerms { starts_at: Some(day(1)), ..preorder }).await, refused, "it has not begun");
    assert_eq!(code(SellTerms { ends_at: Some(past), ..preorder }).await, refused, "it is over");
    assert_eq!(code(SellTerms { starts_at: Some(past), ends_at: Some(day(1)), ..preorder }).await, None);
    assert_eq!(code(preorder).await, refused, "two of three wait already");
    assert_eq!(code(SellTerms { limit: Some(4), ..preorder }).await, None);
    assert_eq!(code(SellTerms::of(StockPolicy::Deny)).await, refused);
    let backwards = SellTerms { starts_at: Some(day(2)), ends_at: Some(day(1)), ..preorder };
    assert_eq!(warehouse.sells_beyond("SKU-0", backwards).await.unwrap_err().len(), 1);
    assert_eq!(warehouse.sells_beyond("nothing", preorder).await.unwrap_err().len(), 1);
    warehouse.assert_promises_hold().await;
}

async fn a_channel_promises_by_its_rules(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    warehouse.stock("SKU-0", FAR, 5).await;
    warehouse.inbound("SKU-0", 6, day(5)).await;
    let online = |location_ids: &[&str], active| SetChannel {
        code: "online".to_owned(),
        name: "Online".to_owned(),
        active,
        safety_stock: 0,
        location_ids: location_ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    let orders = warehouse.orders();
    let set = async |channel| warehouse.commands.set_channel(&staff(), &channel, &new_key()).await.unwrap().unwrap();
    let code =
        async |pieces| warehouse.rested(&buy(&orders, "tok_succeed", &[("SKU-0", pieces)]).await).await.failure_code;
    set(online(&[FAR], true)).await;
    assert!(code(6).await.is_some(), "it sells nothing that goes to the near location");
    set(online(&[NEAR], false)).await;
    assert!(code(1).await.is_some());
    set(online(&[NEAR], true)).await;
    let half = AllocationRule { sku: Some("SKU-0".to_owned()), share_percent: Some(50), limit: None };
    let half = SetAllocations { channel: "online".to_owned(), allocations: vec![half] };
    warehouse.commands.set_allocations(&staff(), &half, &new_key()).await.unwrap().unwrap();
    assert!(code(4).await.is_some(), "half of six are three");
    assert_eq!(code(3).await, None);
    assert_eq!(warehouse.level("SKU-0", FAR).await.committed, 0);
    // A channel that stops selling keeps what it promised.
    set(online(&[NEAR], false)).await;
    warehouse.backorder("SKU-0").await;
    assert_eq!(told(&warehouse.promises().await[0]), (3, Some(day(5))));
    warehouse.assert_promises_hold().await;
}

async fn what_is_fetched_is_promised_of_what_goes_there(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    warehouse.stock("SKU-0", NEAR, 5).await;
    warehouse.inbound("SKU-0", 5, day(5)).await;
    let draft = selvedge_inventory::command::supply::ShipmentDraft {
        lines: vec![ShipmentLine::Other("SKU-0".to_owned(), FAR.to_owned(), 1)],
        ..part_of(None, day(8))
    };
    warehouse.commands.create_inbound_shipment(&staff(), &draft, &new_key()).await.unwrap().unwrap();
    let orders = warehouse.orders();
    let fetch = async || {
        let cart_id = cart(&orders, &shopper(), &[("SKU-0", 1)]).await;
        let input = Checkout { delivery: Delivery::Pickup(FAR.to_owned()), ..checkout(&cart_id, "tok_succeed") };
        let id = orders.check_out(&shopper(), &input, &new_key()).await.unwrap().unwrap();
        warehouse.rested(&id).await
    };
    let order = fetch().await;
    assert_eq!(told(&warehouse.promise(&order.id).await), (1, Some(day(8))));
    assert_eq!(fetch().await.failure_code.as_deref(), Some("INSUFFICIENT_STOCK"), "no other comes there");
    warehouse.assert_promises_hold().await;
}

async fn what_is_cut_is_promised_of_something_else_or_waits(warehouse: Warehouse) {
    warehouse.backorder("SKU-0").await;
    let id = warehouse.a_draft(&[("SKU-0", NEAR, 4)]).await;
    warehouse.advance_purchase(&id, PurchaseAction::Order).await.unwrap();
    let (late, line) = warehouse.inbound("SKU-0", 3, day(30)).await;
    let orders = warehouse.orders();
    let first = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    let second = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    assert_eq!(told(&warehouse.promise(&second).await), (2, Some(day(20))), "what is ordered is promised too");
    let draft = part_of(Some(&id), day(15));
    let shipment = warehouse.commands.create_inbound_shipment(&staff(), &draft, &new_key()).await.unwrap().unwrap();
    assert_eq!(told(&warehouse.promise(&second).await), (2, Some(day(15))), "it goes along to the shipment");
    let sent = warehouse.inbound_of_shipment(&shipment).await.remove(0).id;
    warehouse.commands.resize_inbound_line(&staff(), (&sent, 2), &new_key()).await.unwrap().unwrap();
    assert_eq!(told(&warehouse.promise(&second).await), (2, Some(day(20))), "the rest is ordered still");
    warehouse.advance_purchase(&id, PurchaseAction::Cancel).await.unwrap();
    assert_eq!(told(&warehouse.promise(&first).await), (2, Some(day(30))));
    assert_eq!(told(&warehouse.promise(&second).await), (2, None), "one of them is coming");
    warehouse.assert_promises_hold().await;
    warehouse.advance_shipment(&late, ShipmentAction::Arrive).await.unwrap();
    warehouse.receive(&late, &line, (0, 3, 0)).await.unwrap();
    assert_eq!(told(&warehouse.promise(&first).await), (2, None));
    warehouse.inbound("SKU-0", 10, day(40)).await;
    assert_eq!(told(&warehouse.promise(&second).await), (2, Some(day(40))), "something is coming again");
    warehouse.assert_promises_hold().await;
}

async fn the_badge_says_when_more_comes(warehouse: Warehouse) {
    warehouse.inbound("SKU-0", 2, day(5)).await;
    warehouse.inbound("SKU-0", 2, day(9)).await;
    warehouse.backorder("SKU-0").await;
    let badge = async || {
        let badge = warehouse.badge("SKU-0").await;
        (badge.state.as_str(), badge.expected_at)
    };
    assert_eq!(badge().await, ("BACKORDER", Some(day(5))));
    let id = buy(&warehouse.orders(), "tok_succeed", &[("SKU-0", 2)]).await;
    assert_eq!(badge().await, ("BACKORDER", Some(day(9))));
    change(&warehouse.orders(), &id, ChangeOrder::Cancel("no".to_owned())).await.unwrap();
    assert_eq!(badge().await, ("BACKORDER", Some(day(5))));
    warehouse.assert_promises_hold().await;
}
