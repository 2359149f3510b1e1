//! A yard: suppliers, purchase orders and shipments over a warehouse.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use selvedge_inventory::{
    command::supply::{
        PurchaseDraft, PurchaseLine, ReceiveInbound, Received, SetSellPolicy, ShipmentDraft, ShipmentLine,
        ShipmentUpdate, SupplierDraft,
    },
    domain::{
        StockPolicy, UserError,
        supply::{PurchaseAction, SellTerms, ShipmentAction},
    },
    entity::{
        customer_order, inbound_line, inbound_shipment, order_allocation, order_promise, promise_entry, promise_part,
        purchase_order,
    },
};

use crate::warehouse::{NEAR, Warehouse, new_key, staff};

/// So many days after a day that is long to come.
pub(crate) fn day(number: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(30_000 + number)
}

pub(crate) fn supplier(code: &str) -> SupplierDraft {
    SupplierDraft {
        code: code.to_owned(),
        name: "Mill".to_owned(),
        contact_name: None,
        email: None,
        phone: None,
        lead_time_days: 10,
        currency: "EUR".to_owned(),
    }
}

pub(crate) fn bought(lines: &[(&str, &str, i32)]) -> Vec<PurchaseLine> {
    let line = |(sku, place, quantity): &(&str, &str, i32)| PurchaseLine {
        sku: (*sku).to_owned(),
        location_id: (*place).to_owned(),
        quantity: *quantity,
        unit_cost_minor: 40,
    };
    lines.iter().map(line).collect()
}

pub(crate) fn codes(errors: &[UserError]) -> Vec<String> {
    errors.iter().map(|error| serde_json::to_value(error.code).unwrap().as_str().unwrap().to_owned()).collect()
}

impl Warehouse {
    pub(crate) async fn a_supplier(&self) -> String {
        let code = new_key();
        self.commands.create_supplier(&staff(), &supplier(&code), &new_key()).await.unwrap().unwrap()
    }

    /// A draft with these lines.
    pub(crate) async fn a_draft(&self, lines: &[(&str, &str, i32)]) -> String {
        let draft = PurchaseDraft {
            number: None,
            supplier_id: self.a_supplier().await,
            currency: None,
            expected_at: Some(day(20)),
            note: None,
            lines: bought(lines),
        };
        self.commands.create_purchase_order(&staff(), &draft, &new_key()).await.unwrap().unwrap()
    }

    pub(crate) async fn advance_purchase(&self, id: &str, action: PurchaseAction) -> Result<(), Vec<UserError>> {
        self.commands.move_purchase_order(&staff(), (id, action), &new_key()).await.unwrap().map(drop)
    }

    pub(crate) async fn advance_shipment(&self, id: &str, action: ShipmentAction) -> Result<(), Vec<UserError>> {
        self.commands.move_inbound_shipment(&staff(), (id, action), &new_key()).await.unwrap().map(drop)
    }

    /// A shipment of its own that is on its way, with one line to the near location.
    pub(crate) async fn inbound(&self, sku: &str, quantity: i32, expected_at: DateTime<Utc>) -> (String, String) {
        let draft = ShipmentDraft {
            lines: vec![ShipmentLine::Other(sku.to_owned(), NEAR.to_owned(), quantity)],
            ..part_of(None, expected_at)
        };
        let id = self.commands.create_inbound_shipment(&staff(), &draft, &new_key()).await.unwrap().unwrap();
        self.advance_shipment(&id, ShipmentAction::Depart).await.unwrap();
        let line = self.inbound_of_shipment(&id).await.remove(0).id;
        (id, line)
    }

    /// Takes accepted, rejected and damaged pieces of a line in.
    pub(crate) async fn receive(
        &self,
        shipment_id: &str,
        line_id: &str,
        (accepted, rejected, damaged): (i32, i32, i32),
    ) -> Result<(), Vec<UserError>> {
        let input = ReceiveInbound {
            shipment_id: Some(shipment_id.to_owned()),
            purchase_order_id: None,
            reference: None,
            lines: vec![Received { line_id: line_id.to_owned(), accepted, rejected, damaged }],
        };
        self.commands.receive_inbound(&staff(), &input, &new_key()).await.unwrap().map(drop)
    }

    pub(crate) async fn purchase(&self, id: &str) -> purchase_order::Model {
        purchase_order::Entity::find_by_id(id).one(self.store.reader()).await.unwrap().unwrap()
    }

    pub(crate) async fn shipment(&self, id: &str) -> inbound_shipment::Model {
        inbound_shipment::Entity::find_by_id(id).one(self.store.reader()).await.unwrap().unwrap()
    }

    pub(crate) async fn inbound_of_purchase(&self, id: &str) -> Vec<inbound_line::Model> {
        let own = inbound_line::Entity::find().filter(inbound_line::Column::PurchaseOrderId.eq(id));
        own.order_by_asc(inbound_line::Column::Id).all(self.store.reader()).await.unwrap()
    }

    pub(crate) async fn inbound_of_shipment(&self, id: &str) -> Vec<inbound_line::Model> {
        let own = inbound_line::Entity::find().filter(inbound_line::Column::ShipmentId.eq(id));
        own.order_by_asc(inbound_line::Column::Id).all(self.store.reader()).await.unwrap()
    }
}

/// A shipment of a purchase order with everything that is not sent, or one without lines.
pub(crate) fn part_of(purchase_order_id: Option<&str>, expected_at: DateTime<Utc>) -> ShipmentDraft {
    ShipmentDraft {
        purchase_order_id: purchase_order_id.map(str::to_owned),
        supplier_id: None,
        reference: None,
        carrier: Some("Carrier".to_owned()),
        tracking_number: None,
        expected_at,
        lines: Vec::new(),
    }
}

/// What was promised, and how many pieces still wait.
pub(crate) fn told(promise: &order_promise::Model) -> (i32, Option<DateTime<Utc>>) {
    (promise.waiting_quantity, promise.expected_at)
}

impl Warehouse {
    /// Lets a SKU sell beyond its stock.
    pub(crate) async fn sells_beyond(&self, sku: &str, terms: SellTerms) -> Result<(), Vec<UserError>> {
        let input = SetSellPolicy::of(sku.to_owned(), terms);
        self.commands.set_sell_policy(&staff(), &input, &new_key()).await.unwrap().map(drop)
    }

    pub(crate) async fn backorder(&self, sku: &str) {
        self.sells_beyond(sku, SellTerms::of(StockPolicy::Backorder)).await.unwrap();
    }

    /// The promise of the first line of an order that has one.
    pub(crate) async fn promise(&self, order_id: &str) -> order_promise::Model {
        let own = order_promise::Entity::find().filter(order_promise::Column::OrderId.eq(order_id));
        own.one(self.store.reader()).await.unwrap().unwrap()
    }

    pub(crate) async fn promises(&self) -> Vec<order_promise::Model> {
        let all = order_promise::Entity::find().order_by_asc(order_promise::Column::Sequence);
        all.all(self.store.reader()).await.unwrap()
    }

    /// The kinds of what happened to a promise, oldest first.
    pub(crate) async fn history_of(&self, promise: &order_promise::Model) -> Vec<String> {
        let own = promise_entry::Column::OrderLineId.eq(promise.order_line_id.as_str());
        let own = promise_entry::Entity::find().filter(own).order_by_asc(promise_entry::Column::Id);
        own.all(self.store.reader()).await.unwrap().into_iter().map(|entry| entry.kind).collect()
    }

    pub(crate) async fn expect_at(&self, shipment_id: &str, expected_at: DateTime<Utc>) {
        let update = ShipmentUpdate { expected_at: Some(expected_at), ..ShipmentUpdate::default() };
        self.commands
            .update_inbound_shipment(&staff(), (shipment_id, None), &update, &new_key())
            .await
            .unwrap()
            .unwrap();
    }

    /// Fails unless what is promised is coming, and what of orders is open lies somewhere or waits.
    pub(crate) async fn assert_promises_hold(&self) {
        self.assert_verified().await;
        let parts = promise_part::Entity::find().all(self.store.reader()).await.unwrap();
        for promise in self.promises().await {
            let own = parts.iter().filter(|part| part.order_line_id == promise.order_line_id);
            let backed: i32 = own.map(|part| part.quantity).sum();
            if promise.waiting_quantity > 0 && promise.expected_at.is_some() {
                assert_eq!(backed, promise.waiting_quantity, "{promise:?}");
            }
            assert!(backed <= promise.waiting_quantity, "{promise:?}");
        }
        for order in customer_order::Entity::find().all(self.store.reader()).await.unwrap() {
            let lies = order_allocation::Entity::find().filter(order_allocation::Column::OrderId.eq(order.id.as_str()));
            let lies: i32 = lies.all(self.store.reader()).await.unwrap().iter().map(|row| row.quantity).sum();
            let waits = order_promise::Entity::find().filter(order_promise::Column::OrderId.eq(order.id.as_str()));
            let waits: i32 = waits.all(self.store.reader()).await.unwrap().iter().map(|row| row.waiting_quantity).sum();
            let lines = self.order_lines(&order.id).await;
            let open: i32 = lines.iter().map(|l| l.quantity - l.fulfilled_quantity - l.cancelled_quantity).sum();
            match order.status.as_str() {
                "PLACED" => assert_eq!(lies + waits, open, "{order:?}"),
                "FAILED" | "CANCELLED" | "COMPLETED" => assert_eq!((lies, waits), (0, 0), "{order:?}"),
                other => panic!("the order has come to rest while {other}"),
            }
        }
    }
}
