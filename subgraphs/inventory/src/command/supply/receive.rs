//! Goods that came: taken in, sent back, kept though broken.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};
use serde::Serialize;

use super::{
    CODE_MAX, check_count, check_text,
    keep::{Accepted, Keeping},
    no_purchase, no_shipment,
    scene::{Doer, Scene},
};
use crate::{
    command::{
        Answer, Caller, Commands,
        catalog::Refusals,
        keyed::{Perform, perform_once},
    },
    domain::{
        ErrorCode, EventKind, UserError,
        supply::{Arrival, PurchaseAction, ShipmentAction, ShipmentStatus},
    },
    entity::{inbound_line, inbound_receipt, inbound_shipment, purchase_order},
    store::{
        StoreError,
        ledger::new_id,
        now,
        supply::{self, Owner, lines_of, variants_of},
    },
};

/// Goods that came with a shipment, or of a purchase order without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiveInbound {
    /// The shipment; or else
    pub shipment_id: Option<String>,
    /// the purchase order, of which these pieces were never said to be sent.
    pub purchase_order_id: Option<String>,
    /// The document behind it.
    pub reference: Option<String>,
    /// 1 to [`super::SUPPLY_LINES_MAX`].
    pub lines: Vec<Received>,
}

/// Pieces of one inbound line that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Received {
    /// The inbound line.
    pub line_id: String,
    /// Fit for sale.
    pub accepted: i32,
    /// Sent back.
    pub rejected: i32,
    /// Kept, and not fit for sale.
    pub damaged: i32,
}

impl Received {
    const fn arrival(&self) -> Arrival {
        Arrival { accepted: self.accepted, rejected: self.rejected, damaged: self.damaged }
    }
}

impl Commands {
    /// Takes goods in: they are no longer incoming, and on hand unless they go back. What of them was promised is committed
    /// to who waits for it, first promised first. Gives the id of the shipment or
    /// purchase order.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn receive_inbound(
        &self,
        caller: &Caller,
        input: &ReceiveInbound,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let mut refusals = Refusals::default();
        check_text(&mut refusals, "reference", input.reference.as_deref(), CODE_MAX);
        check_count(&mut refusals, input.lines.len(), 1);
        if input.shipment_id.is_some() == input.purchase_order_id.is_some() {
            let message = "give `shipmentId` or `purchaseOrderId`, one of them";
            refusals.add("shipmentId", ErrorCode::InvalidInput, message);
        }
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        let command = Receive { doer: Doer { commands: self, caller, key: idempotency_key }, input };
        let scope = ("inbound_receive", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, input, &command).await
    }
}

struct Receive<'a> {
    doer: Doer<'a>,
    input: &'a ReceiveInbound,
}

/// What the goods belong to, locked.
struct Source {
    purchase: Option<purchase_order::Model>,
    shipment: Option<inbound_shipment::Model>,
}

impl Perform for Receive<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let mut source = match self.lock(transaction).await? {
            Ok(source) => source,
            Err(errors) => return Ok(Err(errors)),
        };
        let owner = match (&self.input.shipment_id, &source.purchase) {
            (_, Some(purchase)) => Owner::Purchase(&purchase.id.clone()),
            (shipment, None) => Owner::Shipment(shipment.as_deref().unwrap_or_default()),
        };
        let accepted = self.accepted(&lines_of(transaction, owner).await?);
        let mut keeping = Keeping::prepare(transaction, &accepted).await?;
        let variant_ids = variants_of(transaction, owner).await?;
        let mut scene = Scene::set(transaction, (&variant_ids, &[]), owner).await?;
        match self.take_in(&mut scene) {
            Ok(accepted) => keeping.keep(&mut scene, &accepted)?,
            Err(errors) => return Ok(Err(errors)),
        }
        let time = now::read(transaction).await?;
        if let Some(purchase) = &mut source.purchase {
            scene.settle(purchase)?;
        }
        let is_all_there = |id: &str| {
            let own = scene.lines_of_shipment(id);
            own.iter().all(|id| scene.supply.lines.get(id).is_none_or(|line| line.open_quantity == 0))
        };
        if let Some(shipment) = &mut source.shipment {
            let status = if is_all_there(&shipment.id) { ShipmentStatus::Closed } else { ShipmentStatus::Arrived };
            status.as_str().clone_into(&mut shipment.status);
            shipment.arrived_at = shipment.arrived_at.or(Some(time));
        }
        let (id, reference) = source.name();
        let note = self.doer.note("inbound received", self.input.reference.clone().unwrap_or(reference));
        if let Err(errors) = scene.close(transaction, self.doer.commands, &note).await? {
            return Ok(Err(errors));
        }
        keeping.write(transaction, time).await?;
        self.write_receipts(transaction, time).await?;
        if let Some(purchase) = &mut source.purchase {
            supply::update_purchase(transaction, purchase, time).await?;
        }
        if let Some(shipment) = &mut source.shipment {
            supply::update_shipment(transaction, shipment, time).await?;
        }
        Ok(Ok(id))
    }
}

impl Source {
    /// The id of what was named, and how events refer to it.
    fn name(&self) -> (String, String) {
        match (&self.shipment, &self.purchase) {
            (Some(shipment), _) => (shipment.id.clone(), format!("inbound_shipment:{}", shipment.id)),
            (None, Some(purchase)) => (purchase.id.clone(), format!("purchase_order:{}", purchase.id)),
            (None, None) => Default::default(),
        }
    }
}

impl Receive<'_> {
    async fn lock(&self, transaction: &DatabaseTransaction) -> Result<Answer<Source>, StoreError> {
        let purchase_id = match (&self.input.shipment_id, &self.input.purchase_order_id) {
            (Some(id), _) => match supply::purchase_of_shipment(transaction, id).await? {
                None => return Ok(Err(no_shipment(id))),
                Some(purchase_id) => purchase_id,
            },
            (None, id) => id.clone(),
        };
        let mut source = Source { purchase: None, shipment: None };
        if let Some(id) = &purchase_id {
            let Some((purchase, _)) = supply::lock_purchase(transaction, id).await? else {
                return Ok(Err(no_purchase(id)));
            };
            if let Err(error) = supply::purchase_status(&purchase)?.allow(PurchaseAction::Receive) {
                return Ok(Err(vec![error]));
            }
            source.purchase = Some(purchase);
        }
        if let Some(id) = &self.input.shipment_id {
            let Some(shipment) = supply::lock_shipment(transaction, id).await? else {
                return Ok(Err(no_shipment(id)));
            };
            if let Err(error) = supply::shipment_status(&shipment)?.after(ShipmentAction::Receive) {
                return Ok(Err(vec![error]));
            }
            source.shipment = Some(shipment);
        }
        Ok(Ok(source))
    }

    /// The pieces that are said to be fit for sale, by variant and location, of these lines.
    fn accepted(&self, lines: &[inbound_line::Model]) -> Accepted {
        let mut accepted = Accepted::new();
        for received in self.input.lines.iter().filter(|received| received.accepted > 0) {
            if let Some(line) = lines.iter().find(|line| line.id == received.line_id) {
                let level = (line.variant_id.clone(), line.location_id.clone());
                let sum = accepted.entry(level).or_default();
                *sum = sum.saturating_add(received.accepted);
            }
        }
        accepted
    }

    /// Gives the accepted pieces by variant and location.
    fn take_in(&self, scene: &mut Scene) -> Result<Accepted, Vec<UserError>> {
        let mut refusals = Refusals::default();
        let mut accepted = Accepted::new();
        for (index, received) in self.input.lines.iter().enumerate() {
            let is_own = |line: &&mut inbound_line::Model| match &self.input.shipment_id {
                Some(id) => line.shipment_id.as_ref() == Some(id),
                None => line.shipment_id.is_none() && line.purchase_order_id == self.input.purchase_order_id,
            };
            let Some(line) = scene.supply.lines.get_mut(&received.line_id).filter(is_own) else {
                let message = format!("there is no such line `{}`", received.line_id);
                refusals.add(&format!("lines.{index}.lineId"), ErrorCode::LineNotFound, message);
                continue;
            };
            let arrival = received.arrival();
            match line.pieces().received(&arrival) {
                Err(message) => {
                    refusals.add(&format!("lines.{index}.accepted"), ErrorCode::InvalidQuantity, message);
                }
                Ok(pieces) => {
                    line.set_pieces(pieces);
                    let level = (line.variant_id.clone(), line.location_id.clone());
                    *accepted.entry(level.clone()).or_default() += arrival.accepted;
                    scene.push(level, EventKind::InboundReceived, arrival.change());
                }
            }
        }
        refusals.or_none().map(|()| accepted)
    }

    async fn write_receipts(&self, transaction: &DatabaseTransaction, time: DateTime<Utc>) -> Result<(), StoreError> {
        let row = |received: &Received| {
            let row = inbound_receipt::Model {
                id: new_id(),
                line_id: received.line_id.clone(),
                accepted_quantity: received.accepted,
                rejected_quantity: received.rejected,
                damaged_quantity: received.damaged,
                actor: self.doer.caller.actor.clone(),
                reference: self.input.reference.clone(),
                received_at: time,
            };
            row.into_active_model().reset_all()
        };
        let rows = self.input.lines.iter().map(row);
        inbound_receipt::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        Ok(())
    }
}
