//! Purchase orders: written, ordered, amended, given up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::Serialize;

use super::{
    CODE_MAX, TEXT_MAX, check_count, check_pieces, check_revision, check_text, is_currency, no_purchase, refused,
    scene::{Doer, Scene},
    suppliers::unknown_supplier,
};
use crate::{
    command::{
        Answer, Caller, Commands,
        catalog::Refusals,
        keyed::{Perform, perform_once},
    },
    domain::{
        ErrorCode, UserError,
        supply::{PurchaseAction, PurchaseStatus},
    },
    entity::{location, purchase_order, purchase_order_line, variant},
    store::{
        StoreError,
        ledger::new_id,
        now,
        supply::{self, Owner, variants_of},
    },
};

/// The highest cost of one piece in minor units: what fits into the graph's `Int`.
const COST_MAX: i64 = i32::MAX as i64;

/// A purchase order as staff wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurchaseDraft {
    /// Unique, for people; made up when absent.
    pub number: Option<String>,
    /// The supplier.
    pub supplier_id: String,
    /// ISO 4217 code of the costs; that of the supplier when absent.
    pub currency: Option<String>,
    /// When it is expected; after the supplier's lead time when absent.
    pub expected_at: Option<DateTime<Utc>>,
    /// For people.
    pub note: Option<String>,
    /// 1 to [`super::SUPPLY_LINES_MAX`].
    pub lines: Vec<PurchaseLine>,
}

/// Pieces of one SKU that are bought for one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurchaseLine {
    /// The SKU.
    pub sku: String,
    /// Where they go.
    pub location_id: String,
    /// Pieces.
    pub quantity: i32,
    /// Cost of one in minor units.
    pub unit_cost_minor: i64,
}

/// What of a purchase order is changed; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PurchaseUpdate {
    /// When what is not sent is expected.
    pub expected_at: Option<DateTime<Utc>>,
    /// For people.
    pub note: Option<String>,
    /// Of a draft: all its lines.
    pub lines: Option<Vec<PurchaseLine>>,
}

impl Commands {
    /// Makes a purchase order, as a draft, and gives its id.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn create_purchase_order(
        &self,
        caller: &Caller,
        draft: &PurchaseDraft,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let mut refusals = Refusals::default();
        check_text(&mut refusals, "number", draft.number.as_deref(), CODE_MAX);
        if draft.number.as_ref().is_some_and(|number| number.trim().is_empty()) {
            refusals.add("number", ErrorCode::InvalidInput, "it is empty");
        }
        check_text(&mut refusals, "note", draft.note.as_deref(), TEXT_MAX);
        if draft.currency.as_ref().is_some_and(|code| !is_currency(code)) {
            refusals.add("currencyCode", ErrorCode::InvalidInput, "a currency is three upper-case letters");
        }
        check_lines(&mut refusals, &draft.lines);
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        let scope = ("purchase_order_create", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, draft, &Create { draft }).await
    }

    /// Changes a purchase order at the given revision. When what is not sent is expected at another time, promises move.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn update_purchase_order(
        &self,
        caller: &Caller,
        (id, expected_revision): (&str, Option<i64>),
        update: &PurchaseUpdate,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let mut refusals = Refusals::default();
        check_text(&mut refusals, "note", update.note.as_deref(), TEXT_MAX);
        if let Some(lines) = &update.lines {
            check_lines(&mut refusals, lines);
        }
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        let doer = Doer { commands: self, caller, key: idempotency_key };
        let command = Update { doer, id, expected_revision, update };
        let scope = ("purchase_order_update", caller.actor.as_str(), idempotency_key);
        perform_once(self, scope, &(id, expected_revision, update), &command).await
    }
}

fn check_lines(refusals: &mut Refusals, lines: &[PurchaseLine]) {
    check_count(refusals, lines.len(), 1);
    for (index, line) in lines.iter().enumerate() {
        check_pieces(refusals, (index, line.quantity));
        if !(0..=COST_MAX).contains(&line.unit_cost_minor) {
            let message = format!("the cost is {}, 0 to {COST_MAX} are possible", line.unit_cost_minor);
            refusals.add(&format!("lines.{index}.unitCost"), ErrorCode::InvalidPrice, message);
        }
    }
}

/// The ids of the variants with these SKUs, by SKU, when all SKUs and locations are known.
pub(super) async fn known_levels(
    transaction: &DatabaseTransaction,
    levels: &[(&str, &str)],
) -> Result<Answer<BTreeMap<String, String>>, StoreError> {
    let skus = levels.iter().map(|(sku, _)| *sku);
    let rows = variant::Entity::find().filter(variant::Column::Sku.is_in(skus)).all(transaction).await?;
    let ids: BTreeMap<String, String> = rows.into_iter().map(|row| (row.sku, row.id)).collect();
    let places = location::Entity::find().filter(location::Column::Id.is_in(levels.iter().map(|(_, place)| *place)));
    let places: Vec<String> = places.all(transaction).await?.into_iter().map(|row| row.id).collect();
    let mut refusals = Refusals::default();
    for (index, (sku, place)) in levels.iter().enumerate() {
        if !ids.contains_key(*sku) {
            let message = format!("there is no SKU `{sku}`");
            refusals.add(&format!("lines.{index}.sku"), ErrorCode::UnknownSku, message);
        }
        if !places.iter().any(|known| known == place) {
            let message = format!("there is no location `{place}`");
            refusals.add(&format!("lines.{index}.locationId"), ErrorCode::UnknownLocation, message);
        }
    }
    Ok(refusals.or_none().map(|()| ids))
}

async fn line_rows(
    transaction: &DatabaseTransaction,
    purchase_order_id: &str,
    lines: &[PurchaseLine],
) -> Result<Answer<Vec<purchase_order_line::Model>>, StoreError> {
    let levels: Vec<(&str, &str)> = lines.iter().map(|line| (line.sku.as_str(), line.location_id.as_str())).collect();
    let ids = match known_levels(transaction, &levels).await? {
        Ok(ids) => ids,
        Err(errors) => return Ok(Err(errors)),
    };
    let row = |(line, position): (&PurchaseLine, i32)| purchase_order_line::Model {
        id: new_id(),
        purchase_order_id: purchase_order_id.to_owned(),
        position,
        variant_id: ids.get(&line.sku).cloned().unwrap_or_default(),
        location_id: line.location_id.clone(),
        quantity: line.quantity,
        unit_cost_minor: line.unit_cost_minor,
    };
    Ok(Ok(lines.iter().zip(1..).map(row).collect()))
}

struct Create<'a> {
    draft: &'a PurchaseDraft,
}

impl Perform for Create<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let draft = self.draft;
        let field = ["input", "supplierId"];
        let supplier = match supply::lock_supplier(transaction, &draft.supplier_id).await? {
            None => return Ok(Err(unknown_supplier(&field, &draft.supplier_id))),
            Some(row) if row.archived => {
                let message = format!("nothing more is bought at `{}`: it is archived", row.code);
                return Ok(Err(refused(&field, ErrorCode::InvalidInput, message)));
            }
            Some(row) => row,
        };
        let id = new_id();
        let made_up = || format!("PO-{}", id.rsplit('-').next().unwrap_or_default().to_uppercase());
        let number = draft.number.clone().unwrap_or_else(made_up);
        let other = purchase_order::Entity::find().filter(purchase_order::Column::Number.eq(number.as_str()));
        if other.one(transaction).await?.is_some() {
            let message = format!("another purchase order has the number `{number}`");
            return Ok(Err(refused(&["input", "number"], ErrorCode::NameTaken, message)));
        }
        let lines = match line_rows(transaction, &id, &draft.lines).await? {
            Ok(lines) => lines,
            Err(errors) => return Ok(Err(errors)),
        };
        let time = now::read(transaction).await?;
        let row = purchase_order::Model {
            id: id.clone(),
            number,
            supplier_id: supplier.id,
            status: PurchaseStatus::Draft.as_str().to_owned(),
            currency: draft.currency.clone().unwrap_or(supplier.currency),
            expected_at: draft.expected_at,
            note: draft.note.clone(),
            revision: 1,
            ordered_at: None,
            created_at: time,
            updated_at: time,
        };
        supply::insert_purchase(transaction, &row, lines).await?;
        Ok(Ok(id))
    }
}

struct Update<'a> {
    doer: Doer<'a>,
    id: &'a str,
    expected_revision: Option<i64>,
    update: &'a PurchaseUpdate,
}

impl Perform for Update<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let Some((mut row, _)) = supply::lock_purchase(transaction, self.id).await? else {
            return Ok(Err(no_purchase(self.id)));
        };
        let status = supply::purchase_status(&row)?;
        if let Err(refused) = self.check(&row, status) {
            return Ok(Err(refused));
        }
        let time = now::read(transaction).await?;
        if let Some(lines) = &self.update.lines {
            let lines = match line_rows(transaction, self.id, lines).await? {
                Ok(lines) => lines,
                Err(errors) => return Ok(Err(errors)),
            };
            supply::replace_purchase_lines(transaction, self.id, lines).await?;
        }
        if let Some(expected_at) = self.update.expected_at.filter(|_| status != PurchaseStatus::Draft)
            && let Err(errors) = self.expect_at(transaction, &row, expected_at).await?
        {
            return Ok(Err(errors));
        }
        row.expected_at = self.update.expected_at.or(row.expected_at);
        row.note = self.update.note.clone().or(row.note);
        supply::update_purchase(transaction, &mut row, time).await?;
        Ok(Ok(row.id))
    }
}

impl Update<'_> {
    fn check(&self, row: &purchase_order::Model, status: PurchaseStatus) -> Result<(), Vec<UserError>> {
        check_revision(row.revision, self.expected_revision)?;
        let allowed = match (status, &self.update.lines) {
            // Of a draft everything can be changed.
            (PurchaseStatus::Draft, _) | (_, Some(_)) => status.allow(PurchaseAction::Edit),
            (_, None) => status.allow(PurchaseAction::Amend),
        };
        allowed.map_err(|error| vec![error])
    }

    /// Moves what is ordered and not sent.
    async fn expect_at(
        &self,
        transaction: &DatabaseTransaction,
        row: &purchase_order::Model,
        expected_at: DateTime<Utc>,
    ) -> Result<Answer<()>, StoreError> {
        let owner = Owner::Purchase(self.id);
        let variant_ids = variants_of(transaction, owner).await?;
        let mut scene = Scene::set(transaction, (&variant_ids, &[]), owner).await?;
        for line in scene.supply.lines.values_mut() {
            if line.purchase_order_id.as_deref() == Some(self.id) && line.shipment_id.is_none() {
                line.expected_at = expected_at;
            }
        }
        let note = self.doer.note("purchase order expected at another time", reference(row));
        scene.close(transaction, self.doer.commands, &note).await
    }
}

pub(super) fn reference(row: &purchase_order::Model) -> String {
    format!("purchase_order:{}", row.id)
}
