//! A till: orders over a warehouse, paid through the test provider.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, prelude::DateTimeUtc, sea_query::Expr};
use selvedge_inventory::{
    command::{
        Caller,
        order::{
            CartLine, ChangeOrder, Checkout, Delivery, Moment, NewCart, OrderSettings, Orders, SagaHook, Secret,
            run_sagas,
        },
    },
    domain::{UserError, order::Step},
    entity::{customer_order, fulfillment, order_line, order_payment, order_saga, test_payment, test_refund},
    payment::{PaymentProvider, TestProvider},
};
use tokio_util::sync::CancellationToken;

use crate::warehouse::{Warehouse, eventually, new_key, shopper};

/// Impatient enough for tests, patient enough for a busy machine.
pub(crate) const SETTINGS: OrderSettings = OrderSettings {
    lease: Duration::from_millis(400),
    provider_timeout: Duration::from_millis(250),
    payment_deadline: Duration::from_secs(60),
    pause_base: Duration::from_millis(5),
    pause_max: Duration::from_millis(50),
    answer_within: Duration::from_secs(5),
};

/// Prices in the warehouse are all the same.
pub(crate) const PRICE: i64 = 100;

impl Warehouse {
    pub(crate) fn orders(&self) -> Orders {
        self.orders_through(Arc::new(TestProvider::new(self.store.clone())))
    }

    pub(crate) fn orders_through(&self, provider: Arc<dyn PaymentProvider>) -> Orders {
        Orders::new(self.commands.clone(), Some(provider)).with_settings(SETTINGS)
    }

    /// Another process that works on orders; it ends with the guard.
    pub(crate) fn worker(&self, orders: Orders) -> tokio_util::sync::DropGuard {
        let shutdown = CancellationToken::new();
        tokio::spawn(run_sagas(orders, Duration::from_millis(20), shutdown.clone()));
        shutdown.drop_guard()
    }

    pub(crate) async fn order(&self, id: &str) -> customer_order::Model {
        let own = customer_order::Column::Id.eq(id);
        customer_order::Entity::find().filter(own).one(self.store.reader()).await.unwrap().unwrap()
    }

    pub(crate) async fn order_lines(&self, id: &str) -> Vec<order_line::Model> {
        let own = order_line::Column::OrderId.eq(id);
        let lines = order_line::Entity::find().filter(own).order_by_asc(order_line::Column::Position);
        lines.all(self.store.reader()).await.unwrap()
    }

    pub(crate) async fn parcels(&self, id: &str) -> Vec<fulfillment::Model> {
        let own = fulfillment::Column::OrderId.eq(id);
        let parcels = fulfillment::Entity::find().filter(own).order_by_asc(fulfillment::Column::Id);
        parcels.all(self.store.reader()).await.unwrap()
    }

    pub(crate) async fn saga(&self, order_id: &str) -> order_saga::Model {
        order_saga::Entity::find_by_id(order_id).one(self.store.reader()).await.unwrap().unwrap()
    }

    pub(crate) async fn payments(&self, order_id: &str) -> Vec<order_payment::Model> {
        let own = order_payment::Column::OrderId.eq(order_id);
        let rows = order_payment::Entity::find().filter(own).order_by_asc(order_payment::Column::Id);
        rows.all(self.store.reader()).await.unwrap()
    }

    /// Waits until nobody has anything left to do for the order.
    pub(crate) async fn rested(&self, order_id: &str) -> customer_order::Model {
        eventually(|| async { self.saga(order_id).await.step == "DONE" }).await;
        self.order(order_id).await
    }

    /// Ends the lease of whoever is at an order, as time does.
    pub(crate) async fn end_lease(&self, order_id: &str) {
        let transaction = self.store.begin_write().await.unwrap();
        let ended = order_saga::Entity::update_many()
            .col_expr(order_saga::Column::LeasedUntil, Expr::value(DateTimeUtc::UNIX_EPOCH))
            .filter(order_saga::Column::OrderId.eq(order_id))
            .filter(order_saga::Column::LeasedUntil.is_not_null());
        ended.exec(&transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// What the provider took for an order and gave back, by its own books.
    pub(crate) async fn provider_books(&self, order_id: &str) -> (i64, i64) {
        let keys: Vec<String> = self.payments(order_id).await.into_iter().map(|row| row.id).collect();
        let charges = test_payment::Column::Key.is_in(keys.clone());
        let charges = test_payment::Entity::find().filter(charges).all(self.store.reader()).await.unwrap();
        let refunds = test_refund::Column::PaymentKey.is_in(keys);
        let refunds = test_refund::Entity::find().filter(refunds).all(self.store.reader()).await.unwrap();
        (charges.iter().map(|row| row.captured_minor).sum(), refunds.iter().map(|row| row.amount_minor).sum())
    }

    /// Fails unless the provider's books, ours and the order's status say the same.
    pub(crate) async fn assert_books_balance(&self, order_id: &str) {
        let order = self.order(order_id).await;
        let books = self.provider_books(order_id).await;
        assert_eq!(books, (order.captured_minor, order.refunded_minor), "{order:?}");
        let charges = self.payments(order_id).await.into_iter().filter(|row| row.kind == "CHARGE").count();
        assert!(charges <= 1, "{order:?}");
        match order.status.as_str() {
            "PLACED" | "COMPLETED" => assert_eq!(order.captured_minor, order.total_minor, "{order:?}"),
            "FAILED" => assert_eq!(order.captured_minor, order.refunded_minor, "{order:?}"),
            "CANCELLED" => assert_eq!(order.captured_minor, order.refunded_minor, "{order:?}"),
            other => panic!("the order has come to rest while {other}"),
        }
        assert_eq!(order.authorized_minor, 0, "{order:?}");
    }
}

/// A cart with these pieces, of the shopper.
pub(crate) async fn cart(orders: &Orders, caller: &Caller, lines: &[(&str, i32)]) -> String {
    let line = |(sku, quantity): &(&str, i32)| CartLine { sku: (*sku).to_owned(), quantity: *quantity };
    let input = NewCart { channel: "online".to_owned(), lines: lines.iter().map(line).collect() };
    orders.create_cart(caller, &input, &new_key()).await.unwrap().unwrap()
}

pub(crate) fn checkout(cart_id: &str, token: &str) -> Checkout {
    Checkout {
        cart_id: cart_id.to_owned(),
        payment_method: Secret(token.to_owned()),
        email: None,
        delivery: Delivery::Shipping(None),
        expected_total_minor: None,
        reservation_ids: Vec::new(),
    }
}

/// Buys pieces and gives the order's id.
pub(crate) async fn buy(orders: &Orders, token: &str, lines: &[(&str, i32)]) -> String {
    let cart_id = cart(orders, &shopper(), lines).await;
    orders.check_out(&shopper(), &checkout(&cart_id, token), &new_key()).await.unwrap().unwrap()
}

pub(crate) fn clerk() -> Caller {
    Caller { actor: "clerk".to_owned(), correlation_id: "c".to_owned(), manages_stock: false, manages_orders: true }
}

pub(crate) async fn change(orders: &Orders, order_id: &str, change: ChangeOrder) -> Result<(), Vec<UserError>> {
    orders.change(&clerk(), (order_id, &change), &new_key()).await.unwrap().map(drop)
}

/// Stops a saga dead, once, and remembers that it did.
#[derive(Debug, Clone)]
pub(crate) struct KillOnce {
    point: (Step, Moment),
    killed: Arc<Mutex<Vec<(Step, Moment)>>>,
    is_spent: Arc<Mutex<bool>>,
}

impl KillOnce {
    pub(crate) fn at(point: (Step, Moment), killed: &Arc<Mutex<Vec<(Step, Moment)>>>) -> Arc<Self> {
        Arc::new(Self { point, killed: Arc::clone(killed), is_spent: Arc::default() })
    }

    pub(crate) fn is_spent(&self) -> bool {
        *self.is_spent.lock().unwrap()
    }
}

impl SagaHook for KillOnce {
    fn stops_at(&self, step: Step, moment: Moment) -> bool {
        let mut is_spent = self.is_spent.lock().unwrap();
        let stops = !*is_spent && (step, moment) == self.point;
        if stops {
            *is_spent = true;
            self.killed.lock().unwrap().push(self.point);
        }
        stops
    }
}
