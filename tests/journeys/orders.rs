//! Buying, sending, taking back: through the gateway, with the ledger proved at the end.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Shop, Shopper, on_both_columns};

on_both_columns!(what_is_bought_is_sent_and_some_of_it_comes_back);

const PARTS: &str = "order { id status financialStatus fulfillmentStatus total { amount }
    lines { id quantity variant { sku badge { available } } } } userErrors { code message }";

async fn available(shopper: &Shopper, sku: &str) -> i64 {
    let badge = "query($sku: String!) { variant(sku: $sku) { badge { available } } }";
    shopper.ask(badge, json!({ "sku": sku })).await["variant"]["badge"]["available"].as_i64().unwrap()
}

async fn what_is_bought_is_sent_and_some_of_it_comes_back(shop: Arc<Shop>) {
    let shopper = shop.sign_in("buyer").await;
    let staff = shop.staff("orders:write");
    let sku = shop.take_sku().await;
    let before = available(&shopper, &sku).await;
    let create =
        "mutation($sku: String!) { cartCreate(input: {lines: [{sku: $sku, quantity: 2}]}, idempotencyKey: \"cart\") {
        cart { id subtotal { amount } } userErrors { code } } }";
    let cart = shopper.ask(create, json!({ "sku": sku })).await["cartCreate"]["cart"].take();
    assert_eq!(available(&shopper, &sku).await, before, "a cart holds nothing");

    let checkout = format!(
        "mutation($input: CheckoutCompleteInput!) {{ checkoutComplete(input: $input, idempotencyKey: \"buy\") {{ {PARTS} }} }}"
    );
    let input = json!({ "input": {
        "cartId": cart["id"], "paymentMethod": "tok_error_1", "expectedTotal": cart["subtotal"]["amount"],
    } });
    let bought = shopper.ask(&checkout, input.clone()).await["checkoutComplete"].take();
    assert_eq!(bought["userErrors"], json!([]), "{bought}");
    let order = settled(&shopper, &bought["order"]["id"], "PLACED").await;
    assert_eq!(order["financialStatus"], "PAID");
    assert_eq!(available(&shopper, &sku).await, before - 2);
    let again = shopper.ask(&checkout, input).await["checkoutComplete"]["order"]["id"].take();
    assert_eq!(again, order["id"], "the same key buys once");

    let send = format!(
        "mutation($id: ID!) {{ fulfillmentCreate(input: {{orderId: $id}}, idempotencyKey: \"send\") {{ {PARTS} }} }}"
    );
    let refused = shopper.answer(&send, json!({ "id": order["id"] })).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"]);
    let sent = staff.ask(&send, json!({ "id": order["id"] })).await["fulfillmentCreate"]["order"].take();
    assert_eq!(sent["status"], "COMPLETED");

    let places = "{ locations(first: 1) { nodes { id } } }";
    let place = shopper.ask(places, json!({})).await["locations"]["nodes"][0]["id"].take();
    let back = format!(
        "mutation($input: OrderReturnInput!) {{ orderReturn(input: $input, idempotencyKey: \"back\") {{ {PARTS} }} }}"
    );
    let lines =
        json!([{ "lineId": order["lines"][0]["id"], "quantity": 1, "disposition": "RESTOCK", "locationId": place }]);
    let returned = staff.ask(&back, json!({ "input": { "orderId": order["id"], "lines": lines } })).await;
    assert_eq!(returned["orderReturn"]["order"]["fulfillmentStatus"], "PARTIALLY_RETURNED", "{returned}");
    assert_eq!(available(&shopper, &sku).await, before - 1);
    let paid_back = "query($id: ID!) { order(id: $id) { financialStatus } }";
    crate::support::eventually("half of it is paid back", std::time::Duration::from_secs(10), || async {
        let now = shopper.ask(paid_back, json!({ "id": order["id"] })).await;
        (now["order"]["financialStatus"] == "PARTIALLY_REFUNDED").then_some(())
    })
    .await;
    let (status, said, problems) = shop.tool(&["ledger", "verify"]);
    assert_eq!(status, Some(0), "{said}{problems}");
}

/// The order, when it is `status`.
async fn settled(shopper: &Shopper, id: &Value, status: &str) -> Value {
    let read = "query($id: ID!) { order(id: $id) { id status financialStatus lines { id } } }";
    crate::support::eventually("the order is placed", std::time::Duration::from_secs(15), || async {
        let order = shopper.ask(read, json!({ "id": id })).await["order"].take();
        (order["status"] == status).then_some(order)
    })
    .await
}
