//! Inbound shipments: announced, on their way, there, given up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use serde::Serialize;

use super::{
    CODE_MAX, check_count, check_pieces, check_text, no_purchase,
    purchases::known_levels,
    scene::{Doer, Scene},
    shipping::Advance,
    suppliers::unknown_supplier,
};
use crate::{
    command::{
        Answer, Caller, Commands,
        catalog::Refusals,
        keyed::{Perform, perform_once},
    },
    domain::{
        ErrorCode,
        supply::{PurchaseAction, ShipmentAction, ShipmentStatus},
    },
    entity::{inbound_shipment, purchase_order, purchase_order_line},
    store::{
        StoreError,
        ledger::new_id,
        now,
        supply::{self, NewLine, Owner, variants_of},
    },
};

/// A shipment as staff announces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShipmentDraft {
    /// The purchase order that it is a part of; then its lines are named by those of the order.
    pub purchase_order_id: Option<String>,
    /// Who sends it; that of the purchase order if there is one.
    pub supplier_id: Option<String>,
    /// For people.
    pub reference: Option<String>,
    /// Who brings it.
    pub carrier: Option<String>,
    /// The carrier's.
    pub tracking_number: Option<String>,
    /// When it is expected.
    pub expected_at: DateTime<Utc>,
    /// At most [`super::SUPPLY_LINES_MAX`]; of a purchase order, none stands for all that is not sent.
    pub lines: Vec<ShipmentLine>,
}

/// Pieces of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ShipmentLine {
    /// So many pieces of a line of the purchase order.
    Ordered(String, i32),
    /// So many pieces of a SKU for a location.
    Other(String, String, i32),
}

/// What of a shipment is changed; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ShipmentUpdate {
    /// For people.
    pub reference: Option<String>,
    /// Who brings it.
    pub carrier: Option<String>,
    /// The carrier's.
    pub tracking_number: Option<String>,
    /// When it is expected.
    pub expected_at: Option<DateTime<Utc>>,
}

impl ShipmentLine {
    const fn quantity(&self) -> i32 {
        match self {
            Self::Ordered(_, quantity) | Self::Other(_, _, quantity) => *quantity,
        }
    }
}

impl Commands {
    /// Announces a shipment and gives its id. Pieces of a purchase order are incoming already; others are from now on.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn create_inbound_shipment(
        &self,
        caller: &Caller,
        draft: &ShipmentDraft,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let mut refusals = Refusals::default();
        for (path, text) in
            [("reference", &draft.reference), ("carrier", &draft.carrier), ("trackingNumber", &draft.tracking_number)]
        {
            check_text(&mut refusals, path, text.as_deref(), CODE_MAX);
        }
        check_count(&mut refusals, draft.lines.len(), usize::from(draft.purchase_order_id.is_none()));
        for (index, line) in draft.lines.iter().enumerate() {
            check_pieces(&mut refusals, (index, line.quantity()));
            if matches!(line, ShipmentLine::Ordered(..)) != draft.purchase_order_id.is_some() {
                let message =
                    "lines of a purchase order are named by `purchaseOrderLineId`, others by SKU and location";
                refusals.add(&format!("lines.{index}"), ErrorCode::InvalidInput, message);
            }
        }
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        let command = Create { doer: Doer { commands: self, caller, key: idempotency_key }, draft };
        let scope = ("inbound_shipment_create", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, draft, &command).await
    }

    /// Changes a shipment at the given revision. When it is expected at another time, promises move.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn update_inbound_shipment(
        &self,
        caller: &Caller,
        (id, expected_revision): (&str, Option<i64>),
        update: &ShipmentUpdate,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let mut refusals = Refusals::default();
        for (path, text) in [
            ("reference", &update.reference),
            ("carrier", &update.carrier),
            ("trackingNumber", &update.tracking_number),
        ] {
            check_text(&mut refusals, path, text.as_deref(), CODE_MAX);
        }
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        let doer = Doer { commands: self, caller, key: idempotency_key };
        let command = Advance { doer, id, expected_revision, action: ShipmentAction::Amend, update };
        let scope = ("inbound_shipment_update", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, &(id, expected_revision, update), &command).await
    }

    /// Says that a shipment left or came, closes or cancels it. What of a purchase order does not come with it is ordered
    /// and not sent again; other pieces will not come.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn move_inbound_shipment(
        &self,
        caller: &Caller,
        (id, action): (&str, ShipmentAction),
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let doer = Doer { commands: self, caller, key: idempotency_key };
        let update = &ShipmentUpdate::default();
        let command = Advance { doer, id, expected_revision: None, action, update };
        let scope = ("inbound_shipment_move", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, &(id, action.as_str()), &command).await
    }
}

struct Create<'a> {
    doer: Doer<'a>,
    draft: &'a ShipmentDraft,
}

impl Perform for Create<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let purchase = match &self.draft.purchase_order_id {
            None => None,
            Some(id) => match supply::lock_purchase(transaction, id).await? {
                None => return Ok(Err(no_purchase(id))),
                Some((row, lines)) => Some((row, lines)),
            },
        };
        if let Some((row, _)) = &purchase
            && let Err(error) = supply::purchase_status(row)?.allow(PurchaseAction::Ship)
        {
            return Ok(Err(vec![error]));
        }
        if let Some(id) = &self.draft.supplier_id
            && supply::lock_supplier(transaction, id).await?.is_none()
        {
            return Ok(Err(unknown_supplier(&["input", "supplierId"], id)));
        }
        let time = now::read(transaction).await?;
        let id = new_id();
        let done = match &purchase {
            Some((_, lines)) => self.send_ordered(transaction, (&id, lines), time).await?,
            None => self.send_other(transaction, &id, time).await?,
        };
        if let Err(errors) = done {
            return Ok(Err(errors));
        }
        supply::insert_shipment(transaction, &self.row(id.clone(), purchase.map(|(row, _)| row), time)).await?;
        Ok(Ok(id))
    }
}

impl Create<'_> {
    fn row(&self, id: String, purchase: Option<purchase_order::Model>, time: DateTime<Utc>) -> inbound_shipment::Model {
        let draft = self.draft;
        let supplier_of_order = purchase.as_ref().map(|row| row.supplier_id.clone());
        inbound_shipment::Model {
            id,
            purchase_order_id: purchase.map(|row| row.id),
            supplier_id: supplier_of_order.or_else(|| draft.supplier_id.clone()),
            reference: draft.reference.clone(),
            carrier: draft.carrier.clone(),
            tracking_number: draft.tracking_number.clone(),
            status: ShipmentStatus::Pending.as_str().to_owned(),
            expected_at: draft.expected_at,
            arrived_at: None,
            revision: 1,
            created_at: time,
            updated_at: time,
        }
    }

    /// Pieces that were ordered and not sent are now expected with the shipment.
    async fn send_ordered(
        &self,
        transaction: &DatabaseTransaction,
        (shipment_id, ordered): (&str, &[purchase_order_line::Model]),
        time: DateTime<Utc>,
    ) -> Result<Answer<()>, StoreError> {
        let purchase_id = self.draft.purchase_order_id.as_deref().unwrap_or_default();
        let owner = Owner::Purchase(purchase_id);
        let variant_ids = variants_of(transaction, owner).await?;
        let mut scene = Scene::set(transaction, (&variant_ids, &[]), owner).await?;
        let wanted = match self.wanted(ordered, &scene) {
            Ok(wanted) => wanted,
            Err(errors) => return Ok(Err(errors)),
        };
        for (line_id, pieces) in wanted {
            let Some(unsent) = scene.supply.unsent_of(line_id).cloned() else { continue };
            let new = NewLine {
                purchase_order_id: Some(purchase_id),
                purchase_order_line_id: Some(line_id),
                shipment_id: Some(shipment_id),
                variant_id: &unsent.variant_id,
                location_id: &unsent.location_id,
                expected_at: self.draft.expected_at,
            };
            let id = scene.supply.add(&new, time);
            scene.hand_over(&unsent.id, &id, pieces);
        }
        let note = self.doer.note("inbound shipment announced", format!("inbound_shipment:{shipment_id}"));
        scene.close(transaction, self.doer.commands, &note).await
    }

    /// Pieces by line of the purchase order.
    fn wanted<'l>(
        &'l self,
        ordered: &'l [purchase_order_line::Model],
        scene: &Scene,
    ) -> Result<BTreeMap<&'l str, i32>, Vec<crate::domain::UserError>> {
        let unsent = |line_id: &str| scene.supply.unsent_of(line_id).map_or(0, |line| line.open_quantity);
        let mut refusals = Refusals::default();
        let mut wanted: BTreeMap<&str, i32> = BTreeMap::new();
        for (index, line) in self.draft.lines.iter().enumerate() {
            let ShipmentLine::Ordered(line_id, quantity) = line else { continue };
            let sum = wanted.entry(line_id).or_default();
            *sum = sum.saturating_add(*quantity);
            if !ordered.iter().any(|own| own.id == *line_id) {
                let message = format!("the purchase order has no line `{line_id}`");
                refusals.add(&format!("lines.{index}.purchaseOrderLineId"), ErrorCode::LineNotFound, message);
            } else if *sum > unsent(line_id) {
                let message = format!("{sum} pieces are to be sent, {} are ordered and not sent", unsent(line_id));
                refusals.add(&format!("lines.{index}.quantity"), ErrorCode::InvalidQuantity, message);
            }
        }
        if self.draft.lines.is_empty() {
            let all = ordered.iter().map(|line| (line.id.as_str(), unsent(&line.id)));
            wanted = all.filter(|(_, pieces)| *pieces > 0).collect();
            if wanted.is_empty() {
                refusals.add("lines", ErrorCode::InvalidQuantity, "everything of the purchase order is sent");
            }
        }
        refusals.or_none().map(|()| wanted)
    }

    /// Pieces that nobody ordered here are incoming from now on.
    async fn send_other(
        &self,
        transaction: &DatabaseTransaction,
        shipment_id: &str,
        time: DateTime<Utc>,
    ) -> Result<Answer<()>, StoreError> {
        let lines: Vec<(&str, &str, i32)> = self
            .draft
            .lines
            .iter()
            .filter_map(|line| match line {
                ShipmentLine::Other(sku, place, quantity) => Some((sku.as_str(), place.as_str(), *quantity)),
                ShipmentLine::Ordered(..) => None,
            })
            .collect();
        let levels: Vec<(&str, &str)> = lines.iter().map(|(sku, place, _)| (*sku, *place)).collect();
        let ids = match known_levels(transaction, &levels).await? {
            Ok(ids) => ids,
            Err(errors) => return Ok(Err(errors)),
        };
        let variant_ids: Vec<String> = ids.values().cloned().collect();
        let places: Vec<&str> = lines.iter().map(|(_, place, _)| *place).collect();
        let mut scene = Scene::set(transaction, (&variant_ids, &places), Owner::None).await?;
        for (sku, location_id, quantity) in lines {
            let Some(variant_id) = ids.get(sku) else { continue };
            let new = NewLine {
                purchase_order_id: None,
                purchase_order_line_id: None,
                shipment_id: Some(shipment_id),
                variant_id,
                location_id,
                expected_at: self.draft.expected_at,
            };
            let id = scene.supply.add(&new, time);
            scene.expect(&id, quantity);
        }
        let note = self.doer.note("inbound shipment announced", format!("inbound_shipment:{shipment_id}"));
        scene.close(transaction, self.doer.commands, &note).await
    }
}
