//! The inbound lines of the variants that a command is about, and who waits for them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::{
    domain::{ChannelRules, Stock, supply::InboundPieces},
    entity::{inbound_line, order_promise},
    store::{StoreError, ledger::new_id},
};

/// Whose lines are loaded beside those that are open.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// Nobody's.
    None,
    /// Those of a purchase order, sent or not.
    Purchase(&'a str),
    /// Those of a shipment.
    Shipment(&'a str),
}

/// What is on its way of some variants, whose rows are locked.
#[derive(Debug, Default)]
pub(crate) struct SupplyState {
    /// Lines by id: all that are open, and those of the owner.
    pub(crate) lines: BTreeMap<String, inbound_line::Model>,
    /// As they were loaded.
    stored: BTreeMap<String, inbound_line::Model>,
    /// The variants.
    pub(super) variant_ids: BTreeSet<String>,
    /// Who waits for them, in the order in which they were promised.
    pub(super) promises: Vec<order_promise::Model>,
    /// As they were loaded, by order line.
    pub(super) stored_promises: BTreeMap<String, order_promise::Model>,
    /// Pieces by order line and inbound line.
    pub(super) parts: BTreeMap<String, BTreeMap<String, i32>>,
    /// As they were loaded.
    pub(super) stored_parts: BTreeMap<String, BTreeMap<String, i32>>,
    /// The rules of the channels of those who wait, by code.
    pub(super) rules: BTreeMap<String, ChannelRules>,
    /// The order lines whose promises are given up.
    pub(super) given_up: BTreeSet<String>,
}

impl inbound_line::Model {
    /// Its pieces.
    pub(crate) fn pieces(&self) -> InboundPieces {
        InboundPieces {
            quantity: self.quantity,
            accepted: self.accepted_quantity,
            rejected: self.rejected_quantity,
            damaged: self.damaged_quantity,
            cut: self.cut_quantity,
        }
    }

    /// Makes its pieces these. What is promised of it is brought in line when the state is saved.
    pub(crate) fn set_pieces(&mut self, pieces: InboundPieces) {
        self.quantity = pieces.quantity;
        self.accepted_quantity = pieces.accepted;
        self.rejected_quantity = pieces.rejected;
        self.damaged_quantity = pieces.damaged;
        self.cut_quantity = pieces.cut;
        self.open_quantity = pieces.open();
    }
}

/// A line as it is made.
#[derive(Debug, Clone)]
pub(crate) struct NewLine<'a> {
    pub(crate) purchase_order_id: Option<&'a str>,
    pub(crate) purchase_order_line_id: Option<&'a str>,
    pub(crate) shipment_id: Option<&'a str>,
    pub(crate) variant_id: &'a str,
    pub(crate) location_id: &'a str,
    pub(crate) expected_at: DateTime<Utc>,
}

impl SupplyState {
    /// The open lines of variants, which are locked, who waits for them, and the lines of `owner`.
    pub(crate) async fn load(
        transaction: &impl ConnectionTrait,
        variant_ids: &[String],
        owner: Owner<'_>,
    ) -> Result<Self, StoreError> {
        let open = inbound_line::Entity::find()
            .filter(inbound_line::Column::VariantId.is_in(variant_ids.iter().map(String::as_str)))
            .filter(inbound_line::Column::OpenQuantity.gt(0));
        let mut rows = open.all(transaction).await?;
        rows.extend(owned(transaction, owner).await?);
        let lines: BTreeMap<String, inbound_line::Model> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let variant_ids_of = variant_ids.iter().cloned().collect();
        let mut state = Self { stored: lines.clone(), lines, variant_ids: variant_ids_of, ..Self::default() };
        state.load_promises(transaction, variant_ids).await?;
        Ok(state)
    }

    /// Adds a line without pieces and gives its id.
    pub(crate) fn add(&mut self, new: &NewLine<'_>, now: DateTime<Utc>) -> String {
        let line = inbound_line::Model {
            id: new_id(),
            purchase_order_id: new.purchase_order_id.map(str::to_owned),
            purchase_order_line_id: new.purchase_order_line_id.map(str::to_owned),
            shipment_id: new.shipment_id.map(str::to_owned),
            variant_id: new.variant_id.to_owned(),
            location_id: new.location_id.to_owned(),
            quantity: 0,
            accepted_quantity: 0,
            rejected_quantity: 0,
            damaged_quantity: 0,
            cut_quantity: 0,
            open_quantity: 0,
            promised_quantity: 0,
            expected_at: new.expected_at,
            created_at: now,
        };
        let id = line.id.clone();
        self.lines.insert(id.clone(), line);
        id
    }

    /// The line of a purchase order that is not sent yet, for one of its lines.
    pub(crate) fn unsent_of(&self, purchase_order_line_id: &str) -> Option<&inbound_line::Model> {
        self.lines.values().find(|line| {
            line.shipment_id.is_none() && line.purchase_order_line_id.as_deref() == Some(purchase_order_line_id)
        })
    }

    /// Writes the lines that changed: each in one statement, so that the checks of the table hold at every moment.
    pub(crate) async fn save(&mut self, transaction: &impl ConnectionTrait) -> Result<(), StoreError> {
        let mut new = Vec::new();
        for (id, line) in &self.lines {
            match self.stored.get(id) {
                None => new.push(line.clone().into_active_model().reset_all()),
                Some(stored) if stored == line => {}
                Some(_) => {
                    line.clone().into_active_model().reset_all().update(transaction).await?;
                }
            }
        }
        if !new.is_empty() {
            inbound_line::Entity::insert_many(new).exec_without_returning(transaction).await?;
        }
        self.stored = self.lines.clone();
        Ok(())
    }
}

/// The lines of `owner`, before their variants are locked.
pub(crate) async fn lines_of(
    transaction: &impl ConnectionTrait,
    owner: Owner<'_>,
) -> Result<Vec<inbound_line::Model>, StoreError> {
    owned(transaction, owner).await
}

async fn owned(transaction: &impl ConnectionTrait, owner: Owner<'_>) -> Result<Vec<inbound_line::Model>, StoreError> {
    let own = match owner {
        Owner::None => return Ok(Vec::new()),
        Owner::Purchase(id) => inbound_line::Column::PurchaseOrderId.eq(id),
        Owner::Shipment(id) => inbound_line::Column::ShipmentId.eq(id),
    };
    Ok(inbound_line::Entity::find().filter(own).all(transaction).await?)
}

/// The variants of the lines of `owner`, before they are locked; lines are never moved to another variant.
pub(crate) async fn variants_of(
    transaction: &impl ConnectionTrait,
    owner: Owner<'_>,
) -> Result<Vec<String>, StoreError> {
    let mut ids: Vec<String> = owned(transaction, owner).await?.into_iter().map(|line| line.variant_id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Tells `stock` what inbound lines bring, for a command that says what is incoming.
pub(crate) async fn load_inbound(transaction: &impl ConnectionTrait, stock: &mut Stock) -> Result<(), StoreError> {
    if stock.variants.is_empty() {
        return Ok(());
    }
    let open: Vec<(String, String, i32)> = inbound_line::Entity::find()
        .select_only()
        .columns([
            inbound_line::Column::VariantId,
            inbound_line::Column::LocationId,
            inbound_line::Column::OpenQuantity,
        ])
        .filter(inbound_line::Column::VariantId.is_in(stock.variants.keys().map(String::as_str)))
        .filter(inbound_line::Column::OpenQuantity.gt(0))
        .into_tuple()
        .all(transaction)
        .await?;
    for (variant_id, location_id, pieces) in open {
        let sum = stock.inbound.entry((variant_id, location_id)).or_default();
        *sum = sum.saturating_add(pieces);
    }
    Ok(())
}
