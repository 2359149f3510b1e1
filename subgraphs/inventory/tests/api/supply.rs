//! Suppliers, purchase orders and shipments through the API.

use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(
    goods_are_bought_sent_and_taken_in,
    lists_come_in_pages_by_filter,
    what_is_too_much_is_refused,
    a_promise_is_shown_and_moves
);

pub(crate) struct Buyer<'a>(pub(crate) &'a Shop);

impl Buyer<'_> {
    pub(crate) async fn run(&self, field: &str, kind: &str, answer: &str, input: Value) -> Value {
        let text = format!(
            "mutation($input: {kind}!, $key: String!) {{ {field}(input: $input, idempotencyKey: $key) {{ {answer}
                userErrors {{ field code message }} }} }}"
        );
        let variables = json!({ "input": input, "key": uuid::Uuid::now_v7().to_string() });
        self.0.data_for(staff(&["admin"]), &text, variables).await[field].take()
    }

    pub(crate) async fn ask(&self, text: &str, variables: Value) -> Value {
        self.0.data_for(staff(&["admin"]), text, variables).await
    }

    pub(crate) async fn supplier(&self, code: &str) -> Value {
        let input = json!({ "code": code, "name": "Mill", "leadTimeDays": 5, "currencyCode": "EUR" });
        let made = self.run("supplierCreate", "SupplierInput", "supplier { id code revision }", input).await;
        assert_eq!(made["userErrors"], json!([]));
        made["supplier"]["id"].clone()
    }
}

const ORDER: &str = "purchaseOrder { id number status currencyCode expectedAt supplier { code }
    lines { id quantity receivedQuantity openQuantity unitCost { amount currencyCode } variant { sku } location { id } }
    unsentLines { id openQuantity } shipments { status } }";
const SHIPMENT: &str = "shipment { id status expectedAt carrier purchaseOrder { number }
    lines { id quantity openQuantity promisedQuantity expectedAt receipts { acceptedQuantity } variant { sku } } }";

async fn goods_are_bought_sent_and_taken_in(shop: Shop) {
    let buyer = Buyer(&shop);
    let supplier = buyer.supplier("MILL").await;
    let lines = json!([{ "sku": sku(2, 1), "locationId": "l1", "quantity": 12, "unitCost": 450 }]);
    let input = json!({ "supplierId": supplier, "number": "PO-1", "lines": lines });
    let made = buyer.run("purchaseOrderCreate", "PurchaseOrderCreateInput", ORDER, input).await;
    let order = &made["purchaseOrder"];
    assert_eq!(
        (&made["userErrors"], &order["status"], &order["number"]),
        (&json!([]), &json!("DRAFT"), &json!("PO-1"))
    );
    assert_eq!((&order["lines"][0]["openQuantity"], &order["expectedAt"]), (&json!(0), &Value::Null));
    let advance = format!(
        "mutation($id: ID!, $action: PurchaseOrderAction!, $key: String!) {{
            purchaseOrderAdvance(id: $id, action: $action, idempotencyKey: $key) {{ {ORDER} userErrors {{ code }} }} }}"
    );
    let ordered = buyer.ask(&advance, json!({ "id": order["id"], "action": "ORDER", "key": "o" })).await;
    let ordered = &ordered["purchaseOrderAdvance"]["purchaseOrder"];
    assert_eq!((&ordered["status"], &ordered["lines"][0]["openQuantity"]), (&json!("ORDERED"), &json!(12)));
    assert!(ordered["expectedAt"].is_string(), "it comes after the lead time");

    let input = json!({ "purchaseOrderId": order["id"], "carrier": "Post", "expectedAt": "2036-01-05T00:00:00Z",
        "lines": [{ "purchaseOrderLineId": order["lines"][0]["id"], "quantity": 8 }] });
    let sent = buyer.run("inboundShipmentCreate", "InboundShipmentCreateInput", SHIPMENT, input).await;
    let shipment = &sent["shipment"];
    assert_eq!((&sent["userErrors"], &shipment["lines"][0]["openQuantity"]), (&json!([]), &json!(8)));
    let leave = format!(
        "mutation($id: ID!) {{ inboundShipmentAdvance(id: $id, action: DEPART, idempotencyKey: \"d\") {{ {SHIPMENT}
            userErrors {{ code }} }} }}"
    );
    buyer.ask(&leave, json!({ "id": shipment["id"] })).await;
    let input = json!({ "shipmentId": shipment["id"], "reference": "note 1",
        "lines": [{ "lineId": shipment["lines"][0]["id"], "accepted": 5, "rejected": 1, "damaged": 1 }] });
    let answer = "lines { acceptedQuantity openQuantity receipts { rejectedQuantity actor reference } }";
    let taken = buyer.run("inboundReceive", "InboundReceiveInput", answer, input.clone()).await;
    assert_eq!((&taken["userErrors"], &taken["lines"][0]["openQuantity"]), (&json!([]), &json!(1)));
    assert_eq!(
        taken["lines"][0]["receipts"],
        json!([{ "rejectedQuantity": 1, "actor": "staff-1", "reference": "note 1" }])
    );
    let refused = buyer.run("inboundReceive", "InboundReceiveInput", answer, input).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID_QUANTITY");
    assert_eq!(refused["userErrors"][0]["field"], json!(["input", "lines", "0", "accepted"]));

    let inbound = "query($sku: String!) { variant(sku: $sku) { inbound { openQuantity expectedAt shipment { status } }
        history(filter: { kinds: [INBOUND_EXPECTED, INBOUND_RECEIVED] }) { nodes { kind changes { incoming onHand } } } } }";
    let variant = buyer.ask(inbound, json!({ "sku": sku(2, 1) })).await["variant"].take();
    // The one with the shipment is expected after the rest, which has the supplier's lead time.
    assert_eq!(variant["inbound"][0]["shipment"], Value::Null);
    assert_eq!(
        variant["inbound"][1],
        json!({ "openQuantity": 1, "expectedAt": "2036-01-05T00:00:00+00:00",
        "shipment": { "status": "ARRIVED" } })
    );
    assert_eq!(
        variant["history"]["nodes"][0],
        json!({ "kind": "INBOUND_RECEIVED",
        "changes": { "incoming": -7, "onHand": 6 } })
    );
    assert_eq!(shop.error("{ variant(sku: \"SKU-02-1\") { inbound { id } } }", json!({})).await.0, "UNAUTHENTICATED");
}

async fn lists_come_in_pages_by_filter(shop: Shop) {
    let buyer = Buyer(&shop);
    let supplier = buyer.supplier("A").await;
    buyer.supplier("B").await;
    for number in 0..3 {
        let lines = json!([{ "sku": sku(2, 1), "locationId": "l1", "quantity": 1, "unitCost": 1 }]);
        let input = json!({ "supplierId": supplier, "number": format!("N-{number}"), "lines": lines });
        buyer.run("purchaseOrderCreate", "PurchaseOrderCreateInput", ORDER, input).await;
        let lines = json!([{ "sku": sku(2, 1), "locationId": "l1", "quantity": 1 }]);
        let input = json!({ "expectedAt": format!("2036-01-0{}T00:00:00Z", 5 - number), "lines": lines });
        buyer.run("inboundShipmentCreate", "InboundShipmentCreateInput", SHIPMENT, input).await;
    }
    let all = buyer
        .ask(
            "{ suppliers(first: 1, archived: false) { nodes { code } pageInfo { hasNextPage endCursor } } }",
            json!({}),
        )
        .await;
    assert_eq!(all["suppliers"]["nodes"], json!([{ "code": "A" }]));
    let after =
        "query($after: String) { suppliers(first: 5, after: $after) { nodes { code } pageInfo { hasNextPage } } }";
    let rest = buyer.ask(after, json!({ "after": all["suppliers"]["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest["suppliers"], json!({ "nodes": [{ "code": "B" }], "pageInfo": { "hasNextPage": false } }));
    let orders = "query($supplier: ID, $status: PurchaseOrderStatus) {
        purchaseOrders(filter: { supplierId: $supplier, status: $status }) { nodes { number } } }";
    let found = buyer.ask(orders, json!({ "supplier": supplier, "status": "DRAFT" })).await;
    assert_eq!(
        found["purchaseOrders"]["nodes"],
        json!([{ "number": "N-2" }, { "number": "N-1" }, { "number": "N-0" }])
    );
    let found = buyer.ask(orders, json!({ "status": "ORDERED" })).await;
    assert_eq!(found["purchaseOrders"]["nodes"], json!([]));
    let shipments = "{ inboundShipments(filter: { status: PENDING, expectedBefore: \"2036-01-05T00:00:00Z\" }) {
        nodes { expectedAt } } }";
    let found = buyer.ask(shipments, json!({})).await;
    assert_eq!(
        found["inboundShipments"]["nodes"],
        json!([{ "expectedAt": "2036-01-03T00:00:00+00:00" }, { "expectedAt": "2036-01-04T00:00:00+00:00" }])
    );
}

async fn what_is_too_much_is_refused(shop: Shop) {
    let buyer = Buyer(&shop);
    let line = json!({ "sku": sku(2, 1), "locationId": "l1", "quantity": 1, "unitCost": 1 });
    let input = json!({ "supplierId": "none", "lines": vec![line.clone(); 251] });
    let refused = buyer.run("purchaseOrderCreate", "PurchaseOrderCreateInput", ORDER, input).await;
    assert_eq!(
        (&refused["userErrors"][0]["code"], &refused["purchaseOrder"]),
        (&json!("TOO_MANY_LINES"), &Value::Null)
    );
    let input = json!({ "supplierId": "none", "note": "n".repeat(501), "lines": [line] });
    let refused = buyer.run("purchaseOrderCreate", "PurchaseOrderCreateInput", ORDER, input).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID_INPUT");
    let unknown = buyer.ask(
        "mutation { purchaseOrderAdvance(id: \"none\", action: CANCEL, idempotencyKey: \"k\") { userErrors { code } } }",
        json!({}),
    );
    assert_eq!(unknown.await["purchaseOrderAdvance"]["userErrors"], json!([{ "code": "PURCHASE_ORDER_NOT_FOUND" }]));
}

const AVAILABILITY: &str = "query($sku: String!) { variant(sku: $sku) { badge { available }
        availability(channel: \"online\") { availableToPromise promisable state expectedAt } } }";
const LATER: &str = "mutation($id: ID!) { inboundShipmentUpdate(id: $id, idempotencyKey: \"later\",
        input: { expectedAt: \"2036-02-01T00:00:00Z\" }) { shipment { lines { promisedQuantity } } userErrors { code } } }";
const CREATE: &str = "mutation($sku: String!, $pieces: Int!) { cartCreate(idempotencyKey: \"cart\",
        input: { lines: [{ sku: $sku, quantity: $pieces }] }) { cart { id subtotal { amount } } userErrors { code } } }";

async fn a_promise_is_shown_and_moves(shop: Shop) {
    let buyer = Buyer(&shop);
    let sku = sku(2, 1);
    let policy = "variant { sellPolicy { policy limit startsAt } }";
    let input = json!({ "sku": sku, "policy": "PREORDER", "limit": 50, "startsAt": "2026-01-01T00:00:00Z" });
    let set = buyer.run("variantSellPolicySet", "VariantSellPolicyInput", policy, input).await;
    assert_eq!(
        set["variant"]["sellPolicy"],
        json!({ "policy": "PREORDER", "limit": 50, "startsAt": "2026-01-01T00:00:00+00:00" })
    );
    shop.data_for(
        staff(&["channels:write"]),
        "mutation { channelSet(idempotencyKey: \"c\",
        input: { code: \"online\", name: \"Online\" }) { userErrors { code } } }",
        json!({}),
    )
    .await;
    let shown = shop.data(AVAILABILITY, json!({ "sku": sku })).await["variant"].take();
    assert_eq!((&shown["availability"]["promisable"], &shown["availability"]["expectedAt"]), (&json!(0), &Value::Null));
    let in_stock = shown["badge"]["available"].as_i64().unwrap();
    let lines = json!([{ "sku": sku, "locationId": "l1", "quantity": 4 }]);
    let input = json!({ "expectedAt": "2036-01-05T00:00:00Z", "lines": lines });
    let sent = buyer.run("inboundShipmentCreate", "InboundShipmentCreateInput", SHIPMENT, input).await;
    let shown = shop.data(AVAILABILITY, json!({ "sku": sku })).await["variant"]["availability"].take();
    assert_eq!(shown["promisable"], 4);

    let cart = shop.data(CREATE, json!({ "sku": sku, "pieces": in_stock + 3 })).await["cartCreate"]["cart"].take();
    let order =
        "order { id status lines { awaitedQuantity expectedShipDate promise { quantity waitingQuantity expectedAt
        firstExpectedAt history { kind from to reason } } } } userErrors { code message }";
    let checkout = format!(
        "mutation($cart: ID!, $total: Int!) {{ checkoutComplete(idempotencyKey: \"buy\",
        input: {{ cartId: $cart, paymentMethod: \"tok_succeed\", expectedTotal: $total }}) {{ {order} }} }}"
    );
    let bought = shop.data(&checkout, json!({ "cart": cart["id"], "total": cart["subtotal"]["amount"] })).await["checkoutComplete"].take();
    assert_eq!((&bought["userErrors"], &bought["order"]["status"]), (&json!([]), &json!("PLACED")), "{bought}");
    let line = &bought["order"]["lines"][0];
    assert_eq!((&line["awaitedQuantity"], &line["expectedShipDate"]), (&json!(3), &json!("2036-01-05T00:00:00+00:00")));
    let shown = shop.data(AVAILABILITY, json!({ "sku": sku })).await["variant"]["availability"].take();
    assert_eq!(
        (&shown["availableToPromise"], &shown["promisable"], &shown["state"], &shown["expectedAt"]),
        (&json!(0), &json!(1), &json!("PREORDER"), &json!("2036-01-05T00:00:00+00:00"))
    );

    let moved = buyer.ask(LATER, json!({ "id": sent["shipment"]["id"] })).await["inboundShipmentUpdate"].take();
    assert_eq!(moved["shipment"]["lines"], json!([{ "promisedQuantity": 3 }]));
    // Who has the order sees it, signed in or not; nobody learns who brings what.
    let ask = format!(
        "query($id: ID!) {{ {} }}",
        order.split(" userErrors").next().unwrap().replace("order {", "order(id: $id) {")
    );
    let line = shop.data(&ask, json!({ "id": bought["order"]["id"] })).await["order"]["lines"][0].take();
    assert_eq!(line["expectedShipDate"], "2036-02-01T00:00:00+00:00");
    assert_eq!(line["promise"]["firstExpectedAt"], "2036-01-05T00:00:00+00:00");
    assert_eq!(
        line["promise"]["history"][1],
        json!({ "kind": "MOVED", "from": "2036-01-05T00:00:00+00:00",
        "to": "2036-02-01T00:00:00+00:00", "reason": "inbound shipment expected at another time" })
    );
    let input = json!({ "sku": "nothing", "policy": "DENY" });
    let refused = buyer.run("variantSellPolicySet", "VariantSellPolicyInput", policy, input).await;
    assert_eq!(refused["userErrors"][0]["code"], "UNKNOWN_SKU");
}
