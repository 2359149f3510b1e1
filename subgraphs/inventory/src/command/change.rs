//! What all changes of stock by hand have in common: staff names levels, and they are answered as they are then.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::{
    Answer, Caller, Commands,
    keyed::{Perform, perform_once},
};
use crate::{
    domain::{Command, ErrorCode, QuantityName, UserError, decide},
    entity::stock_level,
    store::{
        Position, StoreError,
        ledger::{Entry, Note, append},
        levels::{LoadedStock, Which, load},
        position,
        supply::load_inbound,
    },
};

/// The most changes of one call.
pub const CHANGES_MAX: usize = 250;

/// What a change has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredChange")]
pub struct StockChange {
    /// The levels that were named, as they are now.
    pub levels: Vec<stock_level::Model>,
    /// Behind which place of the ledger the change is. `None` in an answer stored before there were positions.
    pub position: Option<Position>,
}

/// As answers are stored under their idempotency key; once they were levels alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredChange {
    Levels(Vec<stock_level::Model>),
    Change { levels: Vec<stock_level::Model>, position: Option<Position> },
}

impl From<StoredChange> for StockChange {
    fn from(stored: StoredChange) -> Self {
        match stored {
            StoredChange::Levels(levels) => Self { levels, position: None },
            StoredChange::Change { levels, position } => Self { levels, position },
        }
    }
}

/// A command of staff that names levels.
pub(super) struct HandChange<'a> {
    /// `adjust`, `move` or `set`.
    pub(super) name: &'static str,
    /// Why, as the ledger has it.
    pub(super) reason: &'static str,
    /// The document behind it.
    pub(super) reference: Option<&'a str>,
    /// The `(SKU, location)` of each level that is named.
    pub(super) levels: Vec<(&'a str, &'a str)>,
    /// What to do.
    pub(super) command: Command,
}

impl Commands {
    /// Has `change` done once per key; `request` is what the key stands for, and `list` the argument with the changes.
    pub(super) async fn change_by_hand<R: Serialize + Sync>(
        &self,
        caller: &Caller,
        (request, list, count): (&R, &str, usize),
        change: HandChange<'_>,
        idempotency_key: &str,
    ) -> Result<Answer<StockChange>, StoreError> {
        if count == 0 || count > CHANGES_MAX {
            let message = format!("{count} {list} were given, 1 to {CHANGES_MAX} are possible");
            return Ok(Err(vec![UserError::at(&["input", list], ErrorCode::TooManyLines, message)]));
        }
        let name = change.name;
        let command = ByHand { commands: self, caller, change, idempotency_key };
        perform_once(self, (name, &caller.actor, idempotency_key), request, &command).await
    }
}

struct ByHand<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    change: HandChange<'a>,
    idempotency_key: &'a str,
}

impl Perform for ByHand<'_> {
    type Output = StockChange;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<StockChange>, StoreError> {
        let named = &self.change.levels;
        let skus: BTreeSet<String> = named.iter().map(|(sku, _)| (*sku).to_owned()).collect();
        let skus: Vec<String> = skus.into_iter().collect();
        let places: BTreeSet<&str> = named.iter().map(|(_, location_id)| *location_id).collect();
        let places: Vec<&str> = places.into_iter().collect();
        let mut loaded = load(transaction, Which::Skus(&skus), &places).await?;
        if matches!(self.change.command, Command::Adjust { name: QuantityName::Incoming, .. }) {
            load_inbound(transaction, &mut loaded.stock).await?;
        }
        let events = match decide(&loaded.stock, &self.change.command) {
            Ok(events) => events,
            Err(errors) => return Ok(Err(errors)),
        };
        let entries: Vec<Entry> = events.into_iter().map(|event| Entry { event, reservation_id: None }).collect();
        let note = Note {
            reason: self.change.reason.to_owned(),
            actor: self.caller.actor.clone(),
            reference: self.change.reference.map(str::to_owned),
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(self.idempotency_key.to_owned()),
        };
        let threshold = self.commands.low_stock_threshold;
        let changed = append(transaction, &mut loaded, &entries, &note, threshold).await?;
        let levels = with_unchanged(transaction, &loaded, named, changed).await?;
        Ok(Ok(StockChange { levels, position: Some(position::of(transaction).await?) }))
    }
}

/// `changed` and the other levels that were named: what is set to what it was is answered too.
async fn with_unchanged(
    transaction: &DatabaseTransaction,
    loaded: &LoadedStock,
    named: &[(&str, &str)],
    mut changed: Vec<stock_level::Model>,
) -> Result<Vec<stock_level::Model>, StoreError> {
    let named: BTreeSet<(String, String)> = named
        .iter()
        .filter_map(|(sku, location_id)| Some((loaded.stock.by_sku.get(*sku)?.clone(), (*location_id).to_owned())))
        .collect();
    let mut missing = named;
    for level in &changed {
        missing.remove(&(level.variant_id.clone(), level.location_id.clone()));
    }
    if missing.is_empty() {
        return Ok(changed);
    }
    let variant_ids = missing.iter().map(|(variant_id, _)| variant_id.as_str());
    let rows = stock_level::Entity::find().filter(stock_level::Column::VariantId.is_in(variant_ids));
    let rows = rows.all(transaction).await?.into_iter();
    changed.extend(rows.filter(|row| missing.contains(&(row.variant_id.clone(), row.location_id.clone()))));
    changed.sort_by(|one, other| (&one.variant_id, &one.location_id).cmp(&(&other.variant_id, &other.location_id)));
    Ok(changed)
}
