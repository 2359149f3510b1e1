//! Changing quantities as staff does.

use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(staff_adjusts_moves_and_sets, what_staff_may_not_do_is_refused);

const LEVELS: &str = "levels { location { code } version
    quantities { onHand available damaged reserved safetyStock incoming committed } }
    position userErrors { field code message }";

async fn change(shop: &Shop, mutation: &str, key: &str, input: Value) -> Value {
    let name = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!(
        "mutation($key: String!, $input: {name}Input!) {{
            {mutation}(idempotencyKey: $key, input: $input) {{ {LEVELS} }} }}"
    );
    let variables = json!({"key": key, "input": input});
    shop.data_for(staff(&["inventory:write"]), &query, variables).await[mutation].take()
}

async fn staff_adjusts_moves_and_sets(shop: Shop) {
    let place = |location: &str| json!({"sku": sku(1, 1), "locationId": location});
    let with = |mut place: Value, name: &str, value: Value| {
        place[name] = value;
        place
    };
    // SKU-01-1 has 4 on hand at each location; 1 of the first is safety stock.
    let input = json!({"reason": "RECEIVED", "changes": [with(place("l1"), "delta", json!(2))]});
    let done = change(&shop, "inventoryAdjustQuantities", "k1", input).await;
    assert_eq!(done["userErrors"], json!([]));
    assert_eq!(done["levels"][0]["quantities"]["onHand"], 6, "without a name it is on hand");
    assert!(done["position"].is_string());

    let input = json!({"name": "DAMAGED", "reason": "DAMAGED", "changes": [with(place("l1"), "delta", json!(1))]});
    let done = change(&shop, "inventoryAdjustQuantities", "k2", input).await;
    let quantities = json!({"onHand": 7, "available": 5, "damaged": 1, "reserved": 0, "safetyStock": 1, "incoming": 0,
        "committed": 0});
    assert_eq!(done["levels"][0], json!({"location": {"code": "L1"}, "version": 3, "quantities": quantities}));

    let end = |location: &str, name: &str| json!({"locationId": location, "name": name});
    let transfer = json!({"sku": sku(1, 1), "quantity": 5, "from": {"locationId": "l1"}, "to": {"locationId": "l2"}});
    let aside = json!({"sku": sku(1, 1), "quantity": 3, "from": end("l2", "AVAILABLE"), "to": end("l2", "RESERVED")});
    let input = json!({"reason": "TRANSFER", "changes": [transfer, aside]});
    let done = change(&shop, "inventoryMoveQuantities", "k3", input).await;
    let seen: Vec<(i64, i64)> = done["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| {
            (level["quantities"]["onHand"].as_i64().unwrap(), level["quantities"]["available"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(seen, [(2, 0), (9, 6)]);

    let counted = |from: Value| {
        let mut quantity = with(place("l2"), "quantity", json!(4));
        quantity["changeFromQuantity"] = from;
        json!({"name": "AVAILABLE", "reason": "CYCLE_COUNT", "quantities": [quantity]})
    };
    let stale = change(&shop, "inventorySetQuantities", "k4", counted(json!(9))).await;
    assert_eq!((&stale["levels"], &stale["position"]), (&json!([]), &Value::Null));
    let error = json!({"field": ["input", "quantities", "0", "changeFromQuantity"],
        "code": "CHANGE_FROM_QUANTITY_STALE", "message": "6 pieces of `SKU-01-1` are available, not 9"});
    assert_eq!(stale["userErrors"], json!([error]));
    let done = change(&shop, "inventorySetQuantities", "k5", counted(json!(6))).await;
    assert_eq!(done["levels"][0]["quantities"]["onHand"], 7);
    let badge = shop.data("{ stockBadges(skus: [\"SKU-01-1\"]) { available } }", json!({})).await;
    assert_eq!(badge["stockBadges"][0]["available"], 4);
}

async fn what_staff_may_not_do_is_refused(shop: Shop) {
    let changes = json!([{"sku": sku(1, 1), "locationId": "l1", "delta": 1}]);
    let input = json!({"name": "COMMITTED", "reason": "OTHER", "changes": changes});
    let refused = change(&shop, "inventoryAdjustQuantities", "k1", input).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID_QUANTITY_NAME");
    let move_one = "mutation { inventoryMoveQuantities(idempotencyKey: \"k\", input: {reason: OTHER, changes: []}) {
        position } }";
    let set_one = "mutation { inventorySetQuantities(idempotencyKey: \"k\",
        input: {name: ON_HAND, reason: OTHER, quantities: []}) { position } }";
    for query in [move_one, set_one] {
        assert_eq!(shop.error(query, json!({})).await.0, "UNAUTHENTICATED");
        assert_eq!(shop.error_for(staff(&["inventory:read"]), query, json!({})).await.0, "FORBIDDEN");
    }
}
