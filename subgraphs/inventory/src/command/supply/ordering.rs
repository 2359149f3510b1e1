//! Purchase orders: given to the supplier, or given up.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;

use super::{
    no_purchase,
    purchases::reference,
    scene::{Doer, Scene},
};
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::supply::{PurchaseAction, PurchaseStatus},
    entity::{purchase_order, purchase_order_line},
    store::{
        StoreError, now,
        supply::{self, NewLine, Owner, variants_of},
    },
};

impl Commands {
    /// Orders, cancels or closes a purchase order.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn move_purchase_order(
        &self,
        caller: &Caller,
        (id, action): (&str, PurchaseAction),
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let doer = Doer { commands: self, caller, key: idempotency_key };
        let command = Advance { doer, id, action };
        let scope = ("purchase_order_move", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, &(id, action.as_str()), &command).await
    }
}

struct Advance<'a> {
    doer: Doer<'a>,
    id: &'a str,
    action: PurchaseAction,
}

impl Perform for Advance<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let Some((mut row, lines)) = supply::lock_purchase(transaction, self.id).await? else {
            return Ok(Err(no_purchase(self.id)));
        };
        let status = supply::purchase_status(&row)?;
        if let Err(error) = status.allow(self.action) {
            return Ok(Err(vec![error]));
        }
        let time = now::read(transaction).await?;
        let done = match (status, self.action) {
            (_, PurchaseAction::Order) => self.order(transaction, (&mut row, &lines), time).await?,
            (PurchaseStatus::Draft, _) => {
                PurchaseStatus::Cancelled.as_str().clone_into(&mut row.status);
                Ok(())
            }
            _ => self.give_up(transaction, &mut row, time).await?,
        };
        if let Err(errors) = done {
            return Ok(Err(errors));
        }
        supply::update_purchase(transaction, &mut row, time).await?;
        Ok(Ok(row.id))
    }
}

impl Advance<'_> {
    /// Its pieces are incoming from now on.
    async fn order(
        &self,
        transaction: &DatabaseTransaction,
        (row, lines): (&mut purchase_order::Model, &[purchase_order_line::Model]),
        time: DateTime<Utc>,
    ) -> Result<Answer<()>, StoreError> {
        let supplier = supply::lock_supplier(transaction, &row.supplier_id).await?;
        let lead_time = supplier.map_or(0, |supplier| supplier.lead_time_days);
        let expected_at = row.expected_at.unwrap_or(time + TimeDelta::days(lead_time.into()));
        let variant_ids: Vec<String> = lines.iter().map(|line| line.variant_id.clone()).collect();
        let places: Vec<&str> = lines.iter().map(|line| line.location_id.as_str()).collect();
        let mut scene = Scene::set(transaction, (&variant_ids, &places), Owner::None).await?;
        for line in lines {
            let new = NewLine {
                purchase_order_id: Some(self.id),
                purchase_order_line_id: Some(&line.id),
                shipment_id: None,
                variant_id: &line.variant_id,
                location_id: &line.location_id,
                expected_at,
            };
            let id = scene.supply.add(&new, time);
            scene.expect(&id, line.quantity);
        }
        row.expected_at = Some(expected_at);
        row.ordered_at = Some(time);
        PurchaseStatus::Ordered.as_str().clone_into(&mut row.status);
        let note = self.doer.note("purchase order ordered", reference(row));
        scene.close(transaction, self.doer.commands, &note).await
    }

    /// Nothing more of it will come, sent or not; its shipments that are on their way come with what they still have,
    /// which is nothing.
    async fn give_up(
        &self,
        transaction: &DatabaseTransaction,
        row: &mut purchase_order::Model,
        time: DateTime<Utc>,
    ) -> Result<Answer<()>, StoreError> {
        let owner = Owner::Purchase(self.id);
        let variant_ids = variants_of(transaction, owner).await?;
        let mut scene = Scene::set(transaction, (&variant_ids, &[]), owner).await?;
        let own: Vec<String> = scene.lines_of_purchase(self.id);
        for id in own {
            scene.cut(&id, i32::MAX);
        }
        scene.settle(row)?;
        let note = self.doer.note("purchase order given up", reference(row));
        let done = scene.close(transaction, self.doer.commands, &note).await?;
        if done.is_ok() {
            supply::end_shipments(transaction, self.id, time).await?;
        }
        Ok(done)
    }
}
