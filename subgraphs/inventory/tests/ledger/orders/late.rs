//! Payments that are answered late, twice, or never.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use selvedge_inventory::{
    command::order::{ChangeOrder, OrderSettings},
    payment::{Charge, PaymentNotice, PaymentProvider, PaymentState, ProviderError, Refund, RefundState, TestProvider},
};

use super::desk::{PRICE, SETTINGS, buy, cart, change, checkout};
use crate::warehouse::{NEAR, Warehouse, eventually, new_key, shopper};

on_each_engine!(
    a_payment_answered_twice_is_one_payment,
    a_payment_answered_late_places_the_order,
    a_payment_answered_after_the_order_was_given_up_is_let_go,
    a_call_that_arrives_after_the_order_was_given_up_takes_nothing,
    a_notice_after_the_end_takes_back_what_was_taken,
    many_processes_at_one_order_take_one_payment,
    nothing_is_held_while_the_provider_is_asked,
);

async fn a_payment_answered_twice_is_one_payment(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let orders = warehouse.orders();
    let _worker = warehouse.worker(orders.clone());
    let order_id = buy(&orders, "tok_twice", &[("SKU-0", 2)]).await;
    assert_eq!(warehouse.rested(&order_id).await.status, "PLACED");
    let charge = warehouse.payments(&order_id).await.remove(0);
    // The worker hears what the provider tells by itself; here is more of it, under known and unknown ids.
    for (id, payment_key, is_heard) in [
        ("again", charge.id.as_str(), true),
        ("again", charge.id.as_str(), false),
        ("other", "no payment of ours", false),
    ] {
        let notice = PaymentNotice { id: id.to_owned(), payment_key: payment_key.to_owned() };
        assert_eq!(orders.hear(&notice).await.unwrap(), is_heard, "{id}");
    }
    let order = warehouse.rested(&order_id).await;
    assert_eq!((order.captured_minor, order.status.as_str()), (2 * PRICE, "PLACED"));
    warehouse.assert_books_balance(&order_id).await;
    warehouse.assert_verified().await;
}

async fn a_payment_answered_late_places_the_order(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    // Polled so seldom that only the notice can bring it.
    let settings = OrderSettings {
        pause_base: Duration::from_secs(600),
        pause_max: Duration::from_secs(600),
        answer_within: Duration::from_millis(200),
        ..SETTINGS
    };
    let orders = warehouse.orders().with_settings(settings);
    let _worker = warehouse.worker(orders.clone());
    let order_id = buy(&orders, "tok_late_700", &[("SKU-0", 2)]).await;
    assert_eq!(warehouse.order(&order_id).await.status, "PENDING");
    assert_eq!(warehouse.badge("SKU-0").await.available, 8, "it is held meanwhile");
    assert_eq!(warehouse.rested(&order_id).await.status, "PLACED");
    warehouse.assert_books_balance(&order_id).await;
    warehouse.assert_verified().await;
}

async fn a_payment_answered_after_the_order_was_given_up_is_let_go(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let impatient = OrderSettings { payment_deadline: Duration::from_millis(100), ..SETTINGS };
    let (failing, cancelled) = (warehouse.orders().with_settings(impatient), warehouse.orders());
    let _worker = warehouse.worker(warehouse.orders());
    let wait = OrderSettings { answer_within: Duration::from_millis(50), ..SETTINGS };
    let failed = buy(&failing, "tok_late_1500", &[("SKU-0", 2)]).await;
    let given_up = buy(&cancelled.with_settings(wait), "tok_late_1500", &[("SKU-0", 3)]).await;
    change(&warehouse.orders(), &given_up, ChangeOrder::Cancel("slow".to_owned())).await.unwrap();
    // Stock comes back at once, although the payment is not over.
    eventually(|| async { warehouse.badge("SKU-0").await.available == 10 }).await;
    assert_eq!(warehouse.order(&failed).await.failure_code.as_deref(), Some("PAYMENT_UNAVAILABLE"));
    assert_ne!(warehouse.saga(&failed).await.step, "DONE");
    for (id, status) in [(&failed, "FAILED"), (&given_up, "CANCELLED")] {
        let order = warehouse.rested(id).await;
        assert_eq!((order.status.as_str(), order.financial_status.as_str()), (status, "VOIDED"));
        warehouse.assert_books_balance(id).await;
        assert_eq!(warehouse.provider_books(id).await, (0, 0));
    }
    warehouse.assert_verified().await;
}

/// A provider whose calls arrive even when nobody waits for them any more.
#[derive(Debug, Clone)]
struct OnTheWay(TestProvider);

#[async_trait]
impl PaymentProvider for OnTheWay {
    async fn authorize(&self, charge: &Charge) -> Result<PaymentState, ProviderError> {
        let (provider, charge) = (self.0.clone(), charge.clone());
        tokio::spawn(async move { provider.authorize(&charge).await }).await.unwrap()
    }
    async fn capture(&self, key: &str) -> Result<PaymentState, ProviderError> {
        self.0.capture(key).await
    }
    async fn void(&self, key: &str) -> Result<PaymentState, ProviderError> {
        self.0.void(key).await
    }
    async fn refund(&self, refund: &Refund) -> Result<RefundState, ProviderError> {
        self.0.refund(refund).await
    }
    async fn status(&self, key: &str) -> Result<Option<PaymentState>, ProviderError> {
        self.0.status(key).await
    }
}

async fn a_call_that_arrives_after_the_order_was_given_up_takes_nothing(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let settings = OrderSettings { payment_deadline: Duration::from_millis(1), ..SETTINGS };
    let provider = OnTheWay(TestProvider::new(warehouse.store.clone()));
    let orders = warehouse.orders_through(Arc::new(provider)).with_settings(settings);
    let _worker = warehouse.worker(orders.clone());
    let order_id = buy(&orders, "tok_delay_700", &[("SKU-0", 2)]).await;
    assert_eq!(warehouse.rested(&order_id).await.status, "FAILED");
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(warehouse.provider_books(&order_id).await, (0, 0));
    let provider = TestProvider::new(warehouse.store.clone());
    let charge = warehouse.payments(&order_id).await.remove(0);
    assert_eq!(provider.status(&charge.id).await.unwrap(), Some(PaymentState::Voided));
    assert_eq!(provider.capture(&charge.id).await.unwrap(), PaymentState::Voided);
}

/// A provider that does not keep its word: what it said was let go was taken. Its notice makes us look again.
async fn a_notice_after_the_end_takes_back_what_was_taken(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let orders = warehouse.orders();
    let _worker = warehouse.worker(orders.clone());
    let order_id = buy(&orders, "tok_capture_decline", &[("SKU-0", 2)]).await;
    assert_eq!(warehouse.rested(&order_id).await.status, "FAILED");
    let charge = warehouse.payments(&order_id).await.remove(0);
    let taken = format!(
        "UPDATE test_payment SET state = 'CAPTURED', captured_minor = amount_minor WHERE key = '{}'",
        charge.id
    );
    warehouse.sql(&taken).await.unwrap();
    let notice = PaymentNotice { id: "late".to_owned(), payment_key: charge.id };
    assert!(orders.hear(&notice).await.unwrap());
    eventually(|| async { warehouse.order(&order_id).await.financial_status == "REFUNDED" }).await;
    warehouse.rested(&order_id).await;
    warehouse.assert_books_balance(&order_id).await;
    assert_eq!(warehouse.provider_books(&order_id).await, (2 * PRICE, 2 * PRICE));
}

async fn many_processes_at_one_order_take_one_payment(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 100).await;
    // Leases that run out under them all the time: several are at the same order at once.
    let settings = OrderSettings { lease: Duration::from_millis(1), ..SETTINGS };
    let workers: Vec<_> = (0..4).map(|_| warehouse.worker(warehouse.orders().with_settings(settings))).collect();
    let wait = OrderSettings { answer_within: Duration::from_millis(1), ..settings };
    let mut bought = Vec::new();
    for index in 0..12 {
        let token = ["tok_succeed", "tok_delay_20", "tok_error_1", "tok_decline"][index % 4];
        bought.push((buy(&warehouse.orders().with_settings(wait), token, &[("SKU-0", 1)]).await, index % 4 != 3));
    }
    for (order_id, is_good) in &bought {
        let order = warehouse.rested(order_id).await;
        assert_eq!(order.status, if *is_good { "PLACED" } else { "FAILED" });
        warehouse.assert_books_balance(order_id).await;
    }
    drop(workers);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, 9);
    warehouse.assert_verified().await;
}

/// While a payment is waited for, the same SKU, the same order and the same customer go on.
async fn nothing_is_held_while_the_provider_is_asked(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let patient = OrderSettings {
        provider_timeout: Duration::from_secs(8),
        lease: Duration::from_secs(10),
        answer_within: Duration::from_millis(300),
        ..SETTINGS
    };
    let orders = warehouse.orders().with_settings(patient);
    let slow = buy(&orders, "tok_delay_4000", &[("SKU-0", 2)]).await;
    assert_eq!(warehouse.saga(&slow).await.step, "AUTHORIZE");
    let began = tokio::time::Instant::now();
    let quick = buy(&orders, "tok_succeed", &[("SKU-0", 2)]).await;
    assert_eq!(warehouse.order(&quick).await.status, "PLACED");
    warehouse.reserve("SKU-0", 1).await.unwrap();
    change(&orders, &slow, ChangeOrder::Cancel("changed my mind".to_owned())).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let id = cart(&orders, &shopper(), &[("SKU-0", 1)]).await;
    let key = new_key();
    let first = orders.check_out(&shopper(), &checkout(&id, "tok_succeed"), &key).await.unwrap().unwrap();
    let again = orders.check_out(&shopper(), &checkout(&id, "tok_succeed"), &key).await.unwrap().unwrap();
    assert_eq!(first, again, "the same key is the same order");
    let _worker = warehouse.worker(warehouse.orders());
    assert_eq!(warehouse.rested(&slow).await.status, "CANCELLED");
    warehouse.assert_books_balance(&slow).await;
    warehouse.assert_verified().await;
}
