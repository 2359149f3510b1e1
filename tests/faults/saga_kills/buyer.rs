//! A customer who asks again under the same key until there is an answer, whichever process is still alive.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rand::random_range;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::cases::Case;
use crate::several::door::{Door, Reply};

/// How long there may be no answer, whichever process is asked.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of the order's SKU.
pub(super) const UNITS: i64 = 2;

const CART: &str = "mutation($sku: String!, $key: String!) {
    done: cartCreate(input: { lines: [{ sku: $sku, quantity: 2 }] }, idempotencyKey: $key) {
        cart { id subtotal { amount } } userErrors { message } } }";
const CHECKOUT: &str = "mutation($input: CheckoutCompleteInput!, $key: String!) {
    done: checkoutComplete(input: $input, idempotencyKey: $key) {
        order { id } userErrors { message } } }";
const CANCEL: &str = "mutation($id: ID!, $key: String!) {
    done: orderCancel(orderId: $id, reason: \"a whim\", idempotencyKey: $key) {
        order { id } userErrors { message } } }";
const STATUS: &str = "query($id: ID!) { done: order(id: $id) { status financialStatus } }";

struct Customer {
    door: Door,
    doors: Arc<[SocketAddr]>,
}

/// Buys, and takes it back when the case says so; gives the number of the case and the order's id.
pub(super) async fn buy(number: usize, case: Case, sku: String, doors: Arc<[SocketAddr]>) -> (usize, String) {
    let customer = Customer { door: Door::default(), doors };
    let cart = customer.ask(CART, json!({ "sku": sku, "key": format!("cart {number}") })).await;
    let (id, total) = (&cart["cart"]["id"], &cart["cart"]["subtotal"]["amount"]);
    let input = json!({ "cartId": id, "paymentMethod": case.token, "expectedTotal": total });
    let checkout = json!({ "input": input, "key": format!("checkout {number}") });
    let bought = customer.ask(CHECKOUT, checkout.clone()).await;
    let id = bought["order"]["id"].as_str().expect("an order").to_owned();
    if case.is_cancelled {
        customer.wait_for(&id, |order| order["status"] == "PLACED").await;
        customer.ask(CANCEL, json!({ "id": id, "key": format!("cancel {number}") })).await;
        customer.wait_for(&id, |order| order["financialStatus"] == "REFUNDED").await;
    } else {
        customer.wait_for(&id, |order| order["status"] == case.ends).await;
    }
    let again = customer.ask(CHECKOUT, checkout).await;
    assert_eq!(again["order"]["id"], id.as_str(), "{case:?}: the same key, the same order");
    (number, id)
}

impl Customer {
    /// The payload, once there is one.
    async fn ask(&self, query: &str, variables: Value) -> Value {
        let began = Instant::now();
        loop {
            let address = self.doors[random_range(0..self.doors.len())];
            match self.door.ask(address, &[], query, variables.clone()).await {
                Reply::Data(mut data) => {
                    let done = data["done"].take();
                    let is_made =
                        ["cart", "order", "status"].iter().any(|part| done.get(part).is_some_and(|it| !it.is_null()));
                    assert!(is_made, "{variables}: {done}");
                    return done;
                }
                Reply::Nothing(problem) => assert!(began.elapsed() < PATIENCE, "{query}\n{problem}"),
            }
            tokio::time::sleep(Duration::from_millis(random_range(50..150))).await;
        }
    }

    async fn wait_for(&self, id: &str, is_so: impl Fn(&Value) -> bool) {
        while !is_so(&self.ask(STATUS, json!({ "id": id })).await) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
