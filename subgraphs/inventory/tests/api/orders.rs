//! Carts and orders through the API: what customers, strangers and staff see and may do.

use selvedge_kit::identity::Identity;
use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

fn customer(name: &str) -> Identity {
    Identity { subject: Some(name.to_owned()), scopes: Vec::new(), correlation_id: "correlation-1".to_owned() }
}

const ORDER: &str = "id number status financialStatus fulfillmentStatus failure { code } email
    total { amount currencyCode } lines { id sku quantity fulfilledQuantity unitPrice { amount } }
    payments { id kind status } fulfillments { status location { id } lines { quantity } } timeline { kind }";

async fn buy(shop: &Shop, who: Identity, token: &str, key: &str) -> Value {
    let create = "mutation($lines: [CartLineInput!]!, $key: String!) {
        cartCreate(input: {lines: $lines}, idempotencyKey: $key) {
            cart { id channel totalQuantity subtotal { amount } lines { quantity total { amount } variant { sku } } }
            userErrors { code } } }";
    let lines = json!([{"sku": sku(1, 1), "quantity": 2}]);
    let made = shop.data_for(who.clone(), create, json!({"lines": lines, "key": key})).await["cartCreate"].take();
    assert_eq!((&made["userErrors"], &made["cart"]["totalQuantity"]), (&json!([]), &json!(2)));
    let total = &made["cart"]["subtotal"]["amount"];
    assert_eq!((&made["cart"]["lines"][0]["total"]["amount"], &made["cart"]["channel"]), (total, &json!("online")));
    let checkout = format!(
        "mutation($input: CheckoutCompleteInput!, $key: String!) {{
            checkoutComplete(input: $input, idempotencyKey: $key) {{ order {{ {ORDER} }} userErrors {{ code message }} }} }}"
    );
    let input = json!({
        "cartId": made["cart"]["id"], "paymentMethod": token, "email": "ann@example.com", "expectedTotal": total,
        "shippingAddress": {"name": "Ann", "line1": "1 Quay", "city": "Lyon", "countryCode": "FR"},
    });
    shop.data_for(who, &checkout, json!({"input": input, "key": format!("{key} checkout")})).await["checkoutComplete"]
        .take()
}

async fn a_cart_is_bought_sent_and_taken_back(shop: Shop) {
    let bought = buy(&shop, customer("ann"), "tok_succeed", "k1").await;
    assert_eq!(bought["userErrors"], json!([]), "{bought}");
    let order = &bought["order"];
    assert_eq!((&order["status"], &order["financialStatus"]), (&json!("PLACED"), &json!("PAID")), "{order}");
    assert_eq!(order["payments"][0]["status"], "CAPTURED");
    let clerk = || staff(&["orders:write"]);
    let fulfill = format!(
        "mutation($id: ID!) {{ fulfillmentCreate(input: {{orderId: $id}}, idempotencyKey: \"f\") {{
            order {{ {ORDER} }} userErrors {{ code }} }} }}"
    );
    let id = json!({"id": order["id"]});
    let sent = shop.data_for(clerk(), &fulfill, id.clone()).await["fulfillmentCreate"]["order"].take();
    assert_eq!((&sent["status"], &sent["fulfillmentStatus"]), (&json!("COMPLETED"), &json!("FULFILLED")));
    assert_eq!(sent["fulfillments"][0]["lines"], json!([{"quantity": 2}]));
    let back = "mutation($id: ID!, $line: ID!) { orderReturn(idempotencyKey: \"r\", input: {orderId: $id,
        lines: [{lineId: $line, quantity: 1, disposition: RESTOCK, locationId: \"l1\"}]}) {
        order { fulfillmentStatus returns { quantity disposition variant { sku } } } userErrors { code message } } }";
    let line = json!({"id": order["id"], "line": order["lines"][0]["id"]});
    let returned = shop.data_for(clerk(), back, line).await["orderReturn"].take();
    assert_eq!(returned["userErrors"], json!([]), "{returned}");
    assert_eq!(returned["order"]["fulfillmentStatus"], "PARTIALLY_RETURNED");
    assert_eq!(returned["order"]["returns"][0]["disposition"], "RESTOCK");
    let cancel = "mutation($id: ID!) { orderCancel(orderId: $id, reason: \"late\", idempotencyKey: \"c\") {
        order { id } userErrors { code message } } }";
    let refused = shop.data_for(customer("ann"), cancel, id).await["orderCancel"]["userErrors"][0].take();
    assert_eq!(refused["code"], "ORDER_STATE_INVALID", "{refused}");
}

async fn what_fails_says_why_and_changes_no_badge(shop: Shop) {
    let refused = buy(&shop, Identity::default(), "tok_insufficient_funds", "k1").await;
    assert_eq!(
        (&refused["order"]["status"], &refused["order"]["failure"]["code"]),
        (&json!("FAILED"), &json!("PAYMENT_DECLINED"))
    );
    assert_eq!(refused["userErrors"][0]["code"], "PAYMENT_DECLINED");
    let badge = shop.data("{ stockBadges(skus: [\"SKU-01-1\"]) { available } }", json!({})).await;
    assert_eq!(badge["stockBadges"], json!([{"available": 7}]));
}

async fn an_order_is_its_customers_and_staffs(shop: Shop) {
    let bought = buy(&shop, customer("ann"), "tok_succeed", "k1").await["order"].take();
    let id = json!({"id": bought["id"]});
    let read = "query($id: ID!) { order(id: $id) { email shippingAddress { city } } }";
    let whole = json!({"order": {"email": "ann@example.com", "shippingAddress": {"city": "Lyon"}}});
    assert_eq!(shop.data_for(customer("ann"), read, id.clone()).await, whole);
    assert_eq!(shop.data_for(staff(&["orders:read"]), read, id.clone()).await, whole);
    for stranger in [customer("bob"), Identity::default()] {
        assert_eq!(shop.data_for(stranger, read, id.clone()).await, json!({"order": null}));
    }
    // Other subgraphs see the order, and not the person.
    let service = Identity { subject: None, scopes: vec!["service".to_owned()], correlation_id: "c".to_owned() };
    let nobody = json!({"order": {"email": null, "shippingAddress": null}});
    assert_eq!(shop.data_for(service, read, id).await, nobody);
    buy(&shop, customer("bob"), "tok_succeed", "k2").await;
    let list = "{ orders(first: 10, filter: {status: PLACED}) { nodes { number } pageInfo { hasNextPage } } }";
    let count = |data: Value| data["orders"]["nodes"].as_array().unwrap().len();
    assert_eq!(count(shop.data_for(customer("ann"), list, json!({})).await), 1);
    assert_eq!(count(shop.data_for(staff(&["orders:read"]), list, json!({})).await), 2);
    assert_eq!(shop.error(list, json!({})).await.0, "UNAUTHENTICATED");
    let tell = "mutation { paymentEvent(paymentId: \"p\", idempotencyKey: \"n\") { accepted } }";
    assert_eq!(shop.error_for(customer("ann"), tell, json!({})).await.0, "FORBIDDEN");
    let told = shop.data_for(staff(&["payments:write"]), tell, json!({})).await;
    assert_eq!(told, json!({"paymentEvent": {"accepted": false}}));
}

async fn what_is_too_much_is_refused_by_name(shop: Shop) {
    let create =
        "mutation($input: CartCreateInput!) { cartCreate(input: $input, idempotencyKey: \"k\") { cart { id } } }";
    let line = json!({"sku": "S", "quantity": 1});
    let many = json!({"input": {"lines": vec![line; 101]}});
    let (code, message) = shop.error(create, many).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("BAD_USER_INPUT", "`lines` has a length of 101, at most 100 is possible")
    );
    let (code, message) = shop.error(create, json!({"input": {"channel": "On line"}})).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("`channel`"), "{message}");
    let checkout = "mutation($input: CheckoutCompleteInput!) { checkoutComplete(input: $input, idempotencyKey: \"k\") { order { id } } }";
    let address = |country: &str| json!({"name": "A", "line1": "B", "city": "C", "countryCode": country});
    for (input, word) in [
        (json!({"cartId": "c", "expectedTotal": 1, "paymentMethod": "x".repeat(201)}), "paymentMethod"),
        (json!({"cartId": "c", "expectedTotal": 1, "paymentMethod": "t", "email": "e\u{0}"}), "email"),
        (
            json!({"cartId": "c", "expectedTotal": 1, "paymentMethod": "t", "shippingAddress": address("fr")}),
            "countryCode",
        ),
        (
            json!({"cartId": "c", "expectedTotal": 1, "paymentMethod": "t", "shippingAddress": address("FR"), "pickupLocationId": "l1"}),
            "not both",
        ),
    ] {
        let (code, message) = shop.error(checkout, json!({"input": input})).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains(word), "{message}");
    }
}

on_each_engine!(
    a_cart_is_bought_sent_and_taken_back,
    what_fails_says_why_and_changes_no_badge,
    an_order_is_its_customers_and_staffs,
    what_is_too_much_is_refused_by_name,
);
