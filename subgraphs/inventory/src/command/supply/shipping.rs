//! What becomes of a shipment: on its way, there, later, given up.

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;

use super::{
    ShipmentUpdate, check_revision, no_shipment,
    scene::{Doer, Scene},
};
use crate::{
    command::{Answer, keyed::Perform},
    domain::supply::{ShipmentAction, ShipmentStatus},
    entity::purchase_order,
    store::{
        StoreError, now,
        supply::{self, Owner, variants_of},
    },
};

pub(super) struct Advance<'a> {
    pub(super) doer: Doer<'a>,
    pub(super) id: &'a str,
    pub(super) expected_revision: Option<i64>,
    pub(super) action: ShipmentAction,
    pub(super) update: &'a ShipmentUpdate,
}

impl Perform for Advance<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let Some(purchase_id) = supply::purchase_of_shipment(transaction, self.id).await? else {
            return Ok(Err(no_shipment(self.id)));
        };
        let mut purchase = match &purchase_id {
            Some(id) => supply::lock_purchase(transaction, id).await?.map(|(row, _)| row),
            None => None,
        };
        let Some(mut row) = supply::lock_shipment(transaction, self.id).await? else {
            return Ok(Err(no_shipment(self.id)));
        };
        if let Err(stale) = check_revision(row.revision, self.expected_revision) {
            return Ok(Err(stale));
        }
        let next = match supply::shipment_status(&row)?.after(self.action) {
            Ok(next) => next,
            Err(error) => return Ok(Err(vec![error])),
        };
        let time = now::read(transaction).await?;
        let moves = self.update.expected_at.is_some();
        let ends = matches!(next, ShipmentStatus::Closed | ShipmentStatus::Cancelled);
        if (moves || ends)
            && let Err(errors) = self.rearrange(transaction, (purchase.as_mut(), ends), time).await?
        {
            return Ok(Err(errors));
        }
        next.as_str().clone_into(&mut row.status);
        if next == ShipmentStatus::Arrived {
            row.arrived_at = row.arrived_at.or(Some(time));
        }
        row.expected_at = self.update.expected_at.unwrap_or(row.expected_at);
        row.reference = self.update.reference.clone().or(row.reference);
        row.carrier = self.update.carrier.clone().or(row.carrier);
        row.tracking_number = self.update.tracking_number.clone().or(row.tracking_number);
        supply::update_shipment(transaction, &mut row, time).await?;
        Ok(Ok(row.id))
    }
}

impl Advance<'_> {
    /// Expects the lines at another time; or, when the shipment ends, not with it.
    async fn rearrange(
        &self,
        transaction: &DatabaseTransaction,
        (purchase, ends): (Option<&mut purchase_order::Model>, bool),
        time: DateTime<Utc>,
    ) -> Result<Answer<()>, StoreError> {
        let owner = match &purchase {
            Some(purchase) => Owner::Purchase(&purchase.id.clone()),
            None => Owner::Shipment(self.id),
        };
        let variant_ids = variants_of(transaction, owner).await?;
        let mut scene = Scene::set(transaction, (&variant_ids, &[]), owner).await?;
        for id in scene.lines_of_shipment(self.id) {
            if ends {
                scene.give_back(&id);
            } else if let Some((line, expected_at)) = scene.supply.lines.get_mut(&id).zip(self.update.expected_at) {
                line.expected_at = expected_at;
            }
        }
        let reason = if ends { "inbound shipment ended" } else { "inbound shipment expected at another time" };
        let note = self.doer.note(reason, format!("inbound_shipment:{}", self.id));
        if let Some(purchase) = purchase.filter(|_| ends) {
            scene.settle(purchase)?;
            supply::update_purchase(transaction, purchase, time).await?;
        }
        scene.close(transaction, self.doer.commands, &note).await
    }
}
