//! What a cart costs is what its order costs: tiers, promotions and codes, up to what goes back.

use std::time::Duration;

use futures::future::join_all;
use selvedge_kit::identity::Identity;
use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(
    what_a_cart_shows_is_charged_and_given_back,
    another_price_than_shown_is_told_with_the_cart_of_now,
    codes_of_a_cart_are_limited_and_its_owners,
    of_two_that_take_one_code_the_second_is_told,
);

const CART: &str = "id subtotal { amount } totalDiscount { amount } promotionCodes { code applicable }
    lines { quantity unitPrice { amount } total { amount } variant { sku }
        price { compareAtPrice { amount } source tier { minimumQuantity } appliedPromotions { title code } } }";

fn ann() -> Identity {
    Identity { subject: Some("ann".to_owned()), scopes: Vec::new(), correlation_id: "correlation-1".to_owned() }
}

async fn promote(shop: &Shop, key: &str, input: Value) -> Value {
    let create =
        "mutation($key: String!, $input: PromotionInput!) { promotionCreate(idempotencyKey: $key, input: $input) {
        promotion { id } userErrors { code field } } }";
    let variables = json!({ "key": key, "input": input });
    shop.data_for(staff(&["catalog:write"]), create, variables).await["promotionCreate"].take()
}

async fn new_cart(shop: &Shop, lines: Value) -> Value {
    let create = format!(
        "mutation($lines: [CartLineInput!]!) {{ cartCreate(input: {{lines: $lines}}, idempotencyKey: \"cart\") {{
            cart {{ {CART} }} userErrors {{ code }} }} }}"
    );
    let made = shop.data_for(ann(), &create, json!({ "lines": lines })).await["cartCreate"].take();
    assert_eq!(made["userErrors"], json!([]));
    made["cart"].clone()
}

async fn set_codes(shop: &Shop, who: Identity, cart_id: &Value, codes: &[&str]) -> Value {
    let update = format!(
        "mutation($id: ID!, $codes: [String!]!, $key: String!) {{
            cartPromotionCodesUpdate(cartId: $id, codes: $codes, idempotencyKey: $key) {{
                cart {{ {CART} }} userErrors {{ code field }} }} }}"
    );
    let variables = json!({ "id": cart_id, "codes": codes, "key": format!("codes {codes:?}") });
    shop.data_for(who, &update, variables).await["cartPromotionCodesUpdate"].take()
}

async fn check_out(shop: &Shop, cart_id: &Value, expected: i64, key: &str) -> Value {
    let checkout = format!(
        "mutation($input: CheckoutCompleteInput!, $key: String!) {{ checkoutComplete(input: $input, idempotencyKey: $key) {{
            order {{ id status total {{ amount }} totalDiscount {{ amount }} totalPaid {{ amount }} lines {{ id sku quantity
                basePrice {{ amount }} unitPrice {{ amount }} total {{ amount }}
                discounts {{ kind promotionId title code minimumQuantity amount {{ amount }} }} }} }}
            cart {{ {CART} }} userErrors {{ code field message }} }} }}"
    );
    let input = json!({ "cartId": cart_id, "paymentMethod": "tok_succeed", "expectedTotal": expected });
    shop.data_for(ann(), &checkout, json!({ "input": input, "key": key })).await["checkoutComplete"].take()
}

/// SKU-01-0 and SKU-01-1 cost 1500 each.
async fn what_a_cart_shows_is_charged_and_given_back(shop: Shop) {
    let tiers = "mutation($sku: String!) { priceTiersSet(idempotencyKey: \"t\", input: { variants: [
        { sku: $sku, tiers: [{ minimumQuantity: 3, unitPrice: 1400 }] }] }) { userErrors { code } } }";
    shop.data_for(staff(&["catalog:write"]), tiers, json!({ "sku": sku(1, 1) })).await;
    let off = json!({ "title": "Ten off", "kind": "PERCENTAGE", "value": 1_000, "combinable": true,
        "targets": { "productIds": ["p01"] } });
    promote(&shop, "a", off).await;
    let coded = json!({ "title": "With a code", "code": "SPRING", "kind": "FIXED_AMOUNT", "value": 100,
        "currencyCode": "EUR", "combinable": true, "priority": 5, "targets": { "variantIds": ["v01-1"] } });
    let coded = promote(&shop, "b", coded).await["promotion"]["id"].take();

    let lines = json!([{ "sku": sku(1, 1), "quantity": 3 }, { "sku": sku(1, 2), "quantity": 1 }]);
    let cart = new_cart(&shop, lines).await;
    // 1400 and 1700, each less a tenth.
    assert_eq!(cart["subtotal"]["amount"], 3 * 1_260 + 1_530);
    let cart = set_codes(&shop, ann(), &cart["id"], &["spring", "Later", "SPRING"]).await["cart"].take();
    assert_eq!(
        cart["promotionCodes"],
        json!([{ "code": "SPRING", "applicable": true }, { "code": "LATER", "applicable": false }])
    );
    // 1400 − 100 = 1300, less a tenth.
    assert_eq!(cart["lines"][0]["unitPrice"]["amount"], 1_170);
    assert_eq!(cart["lines"][0]["price"]["tier"]["minimumQuantity"], 3);
    assert_eq!(cart["lines"][0]["price"]["compareAtPrice"]["amount"], 1_500);
    let total = 3 * 1_170 + 1_530;
    assert_eq!((&cart["subtotal"]["amount"], &cart["totalDiscount"]["amount"]), (&json!(total), &json!(3 * 330 + 170)));

    let bought = check_out(&shop, &cart["id"], total, "buy").await;
    assert_eq!((&bought["userErrors"], &bought["cart"]), (&json!([]), &Value::Null));
    let order = &bought["order"];
    assert_eq!(order["status"], "PLACED");
    assert_eq!((&order["total"]["amount"], &order["totalPaid"]["amount"]), (&json!(total), &json!(total)));
    assert_eq!(order["totalDiscount"]["amount"], 3 * 330 + 170);
    let line = &order["lines"][0];
    assert_eq!((&line["basePrice"]["amount"], &line["unitPrice"]["amount"]), (&json!(1_500), &json!(1_170)));
    assert_eq!(
        line["discounts"],
        json!([
            { "kind": "TIER", "promotionId": null, "title": null, "code": null, "minimumQuantity": 3, "amount": { "amount": 100 } },
            { "kind": "PROMOTION", "promotionId": coded, "title": "With a code", "code": "SPRING", "minimumQuantity": null,
              "amount": { "amount": 100 } },
            { "kind": "PROMOTION", "promotionId": line["discounts"][2]["promotionId"], "title": "Ten off", "code": null,
              "minimumQuantity": null, "amount": { "amount": 130 } },
        ])
    );
    assert_eq!(order["lines"][1]["discounts"].as_array().unwrap().len(), 1);

    // The promotions are over; what was paid goes back.
    let delete = "mutation($id: ID!) { promotionDelete(id: $id, idempotencyKey: \"d\") { userErrors { code } } }";
    shop.data_for(staff(&["catalog:write"]), delete, json!({ "id": coded })).await;
    let after = give_back(&shop, &order["id"], &line["id"], 2).await;
    assert_eq!(after["totalRefunded"]["amount"], 2 * 1_170);
    assert_eq!(after["lines"][0]["discounts"][1]["title"], "With a code");
}

/// Sends the order, takes pieces of a line back, and gives the order as it is when their price went back.
async fn give_back(shop: &Shop, order_id: &Value, line_id: &Value, quantity: i32) -> Value {
    let clerk = || staff(&["orders:write"]);
    let send = "mutation($id: ID!) { fulfillmentCreate(input: {orderId: $id}, idempotencyKey: \"f\") { userErrors { code } } }";
    shop.data_for(clerk(), send, json!({ "id": order_id })).await;
    let back =
        "mutation($id: ID!, $line: ID!, $quantity: Int!) { orderReturn(idempotencyKey: \"r\", input: {orderId: $id,
        lines: [{lineId: $line, quantity: $quantity, disposition: RESTOCK, locationId: \"l1\"}]}) {
        userErrors { code } } }";
    let variables = json!({ "id": order_id, "line": line_id, "quantity": quantity });
    assert_eq!(shop.data_for(clerk(), back, variables).await["orderReturn"]["userErrors"], json!([]));
    let _running = shop.start().await;
    let refunded = "query($id: ID!) { order(id: $id) { totalRefunded { amount } lines { discounts { title } } } }";
    for _ in 0..200 {
        let order = shop.data_for(ann(), refunded, json!({ "id": order_id })).await["order"].take();
        if order["totalRefunded"]["amount"] != 0 {
            return order;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing went back within ten seconds");
}

async fn another_price_than_shown_is_told_with_the_cart_of_now(shop: Shop) {
    let off =
        json!({ "title": "Half", "code": "HALF", "kind": "PERCENTAGE", "value": 5_000, "targets": { "all": true } });
    let half = promote(&shop, "a", off).await["promotion"]["id"].take();
    let cart = new_cart(&shop, json!([{ "sku": sku(1, 1), "quantity": 2 }])).await;
    let cart = set_codes(&shop, ann(), &cart["id"], &["HALF"]).await["cart"].take();
    assert_eq!(cart["subtotal"]["amount"], 1_500);
    let delete = "mutation($id: ID!) { promotionDelete(id: $id, idempotencyKey: \"d\") { userErrors { code } } }";
    shop.data_for(staff(&["catalog:write"]), delete, json!({ "id": half })).await;
    let refused = check_out(&shop, &cart["id"], 1_500, "first").await;
    assert_eq!(refused["order"], Value::Null);
    let error = &refused["userErrors"][0];
    assert_eq!((&error["code"], &error["field"]), (&json!("PRICE_CHANGED"), &json!(["input", "expectedTotal"])));
    assert_eq!(refused["cart"]["subtotal"]["amount"], 3_000);
    assert_eq!(refused["cart"]["promotionCodes"], json!([{ "code": "HALF", "applicable": false }]));
    let badge = shop.data("{ stockBadges(skus: [\"SKU-01-1\"]) { available } }", json!({})).await;
    assert_eq!(badge["stockBadges"], json!([{ "available": 7 }]), "nothing was held");
    let bought = check_out(&shop, &cart["id"], 3_000, "second").await;
    assert_eq!(bought["order"]["totalPaid"]["amount"], 3_000);
    assert_eq!(bought["order"]["lines"][0]["discounts"], json!([]));
}

async fn codes_of_a_cart_are_limited_and_its_owners(shop: Shop) {
    let cart = new_cart(&shop, json!([])).await;
    assert_eq!((&cart["subtotal"], &cart["promotionCodes"]), (&Value::Null, &json!([])));
    let refused = set_codes(&shop, ann(), &cart["id"], &["GOOD", "no code"]).await;
    assert_eq!(refused["userErrors"], json!([{ "code": "INVALID_INPUT", "field": ["codes", "1"] }]));
    assert_eq!(refused["cart"], Value::Null);
    let refused = set_codes(&shop, Identity::default(), &cart["id"], &["GOOD"]).await;
    assert_eq!(refused["userErrors"], json!([{ "code": "CART_NOT_FOUND", "field": ["cartId"] }]));
    let many = "mutation($id: ID!, $codes: [String!]!) {
        cartPromotionCodesUpdate(cartId: $id, codes: $codes, idempotencyKey: \"many\") { cart { id } } }";
    let codes: Vec<String> = (0..11).map(|number| format!("C{number}")).collect();
    let (code, message) = shop.error_for(ann(), many, json!({ "id": cart["id"], "codes": codes })).await;
    assert_eq!((code.as_str(), message.contains("`codes`")), ("BAD_USER_INPUT", true), "{message}");
    let set = set_codes(&shop, ann(), &cart["id"], &["A", "B"]).await;
    assert_eq!(set["cart"]["promotionCodes"].as_array().unwrap().len(), 2);
    let none = set_codes(&shop, ann(), &cart["id"], &[]).await;
    assert_eq!(none["userErrors"].as_array().map(Vec::len), Some(0), "{none}");
    assert_eq!(none["cart"]["promotionCodes"], json!([]));
}

async fn of_two_that_take_one_code_the_second_is_told(shop: Shop) {
    for round in 0..5 {
        let input = json!({ "title": "T", "code": format!("RACE-{round}"), "kind": "PERCENTAGE", "value": 1,
            "targets": { "all": true } });
        let keys: Vec<String> = (0..4).map(|racer| format!("{round} {racer}")).collect();
        let answers = join_all(keys.iter().map(|key| promote(&shop, key, input.clone()))).await;
        let made = answers.iter().filter(|answer| !answer["promotion"].is_null()).count();
        assert_eq!(made, 1, "{answers:?}");
        for refused in answers.iter().filter(|answer| answer["promotion"].is_null()) {
            assert_eq!(refused["userErrors"], json!([{ "code": "NAME_TAKEN", "field": ["input", "code"] }]));
        }
    }
}
