//! More or fewer pieces on their way than was said.

use sea_orm::{DatabaseTransaction, EntityTrait};

use super::{
    PIECES_MAX, refused,
    scene::{Doer, Scene},
};
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::{
        ErrorCode,
        supply::{PurchaseAction, ShipmentAction},
    },
    entity::inbound_line,
    store::{
        StoreError, now,
        supply::{self, Owner, variants_of},
    },
};

impl Commands {
    /// Makes the pieces that are still to come of an inbound line `open`. What a shipment of a purchase order brings less is
    /// ordered and not sent again, and what it brings more was; else pieces are incoming, or no longer.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn resize_inbound_line(
        &self,
        caller: &Caller,
        (line_id, open): (&str, i32),
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        if !(0..=PIECES_MAX).contains(&open) {
            let message = format!("{open} pieces were given, 0 to {PIECES_MAX} are possible");
            return Ok(Err(refused(&["openQuantity"], ErrorCode::InvalidQuantity, message)));
        }
        let command = Resize { doer: Doer { commands: self, caller, key: idempotency_key }, line_id, open };
        let scope = ("inbound_line_resize", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, &(line_id, open), &command).await
    }
}

struct Resize<'a> {
    doer: Doer<'a>,
    line_id: &'a str,
    open: i32,
}

impl Perform for Resize<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        // To whom a line belongs never changes.
        let found = inbound_line::Entity::find_by_id(self.line_id).one(transaction).await?;
        let Some(line) = found else {
            let message = format!("there is no inbound line `{}`", self.line_id);
            return Ok(Err(refused(&["id"], ErrorCode::LineNotFound, message)));
        };
        let mut purchase = match &line.purchase_order_id {
            Some(id) => supply::lock_purchase(transaction, id).await?.map(|(row, _)| row),
            None => None,
        };
        if let Some(row) = &purchase
            && let Err(error) = supply::purchase_status(row)?.allow(PurchaseAction::Amend)
        {
            return Ok(Err(vec![error]));
        }
        if let Some(id) = &line.shipment_id
            && let Some(row) = supply::lock_shipment(transaction, id).await?
            && let Err(error) = supply::shipment_status(&row)?.after(ShipmentAction::Amend)
        {
            return Ok(Err(vec![error]));
        }
        let owner = match (&line.purchase_order_id, &line.shipment_id) {
            (Some(id), _) => Owner::Purchase(id),
            (None, id) => Owner::Shipment(id.as_deref().unwrap_or_default()),
        };
        let variant_ids = variants_of(transaction, owner).await?;
        let mut scene = Scene::set(transaction, (&variant_ids, &[]), owner).await?;
        if let Err(errors) = self.resize(&mut scene, line.shipment_id.is_some()) {
            return Ok(Err(errors));
        }
        if let Some(row) = &mut purchase {
            scene.settle(row)?;
        }
        let note = self.doer.note("inbound line changed", format!("inbound_line:{}", self.line_id));
        if let Err(errors) = scene.close(transaction, self.doer.commands, &note).await? {
            return Ok(Err(errors));
        }
        if let Some(row) = &mut purchase {
            let time = now::read(transaction).await?;
            supply::update_purchase(transaction, row, time).await?;
        }
        Ok(Ok(self.line_id.to_owned()))
    }
}

impl Resize<'_> {
    fn resize(&self, scene: &mut Scene, is_sent: bool) -> Answer<()> {
        let Some(line) = scene.supply.lines.get(self.line_id) else { return Ok(()) };
        let more = self.open - line.open_quantity;
        let unsent = line.purchase_order_line_id.as_deref().and_then(|id| scene.supply.unsent_of(id));
        match unsent.filter(|_| is_sent) {
            Some(unsent) if more > unsent.open_quantity => {
                let message =
                    format!("{more} pieces more are to be sent, {} are ordered and not sent", unsent.open_quantity);
                return Err(refused(&["openQuantity"], ErrorCode::InvalidQuantity, message));
            }
            Some(unsent) => {
                let unsent = unsent.id.clone();
                scene.hand_over(&unsent, self.line_id, more);
            }
            None if more > 0 => scene.expect(self.line_id, more),
            None => scene.cut(self.line_id, -more),
        }
        Ok(())
    }
}
