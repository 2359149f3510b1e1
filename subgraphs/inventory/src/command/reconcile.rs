//! Comparing stock with what was counted, and putting it right by events.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel, SqlErr};

use super::{Caller, Commands};
use crate::{
    domain::{Change, Command, EventKind, Level, QuantityName, UserError, decide},
    entity::reconciliation,
    store::{
        StoreError,
        catalog_read::stock_at_within,
        ledger::{Entry, Note, append},
        levels::{LoadedStock, Which, load},
        now,
        transact::{Work, transact},
    },
};

/// The most counts of one part.
pub const COUNTS_MAX: usize = 250;

/// A count as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// Name of the file, the reference of the events.
    pub file: String,
    /// SHA-256 of its content: the same content is applied once.
    pub content_hash: String,
    /// Available or on hand.
    pub name: QuantityName,
    /// When it was counted. Then the stock at that time is compared, and the difference is applied to what there is now.
    pub counted_at: Option<DateTime<Utc>>,
}

/// What was counted of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Line of the file.
    pub line: u64,
    /// The SKU.
    pub sku: String,
    /// The location.
    pub location_id: String,
    /// The location as the file names it.
    pub location: String,
    /// Pieces.
    pub quantity: i32,
}

/// A count beside what the ledger says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What was counted.
    pub count: Count,
    /// What there was, or why it cannot be compared.
    pub outcome: Outcome,
}

/// What comparing or applying one count gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Both are the same.
    Agrees,
    /// They are not; nothing was done.
    Differs {
        /// By the ledger.
        recorded: i32,
        /// Version of the level when it was read.
        version: i64,
    },
    /// They were not; an event has added the difference to on hand.
    Adjusted {
        /// By the ledger.
        recorded: i32,
        /// What was added.
        delta: i32,
    },
    /// The level changed after it was compared; nothing was done.
    Moved,
    /// It cannot be: no such SKU, or less than is promised.
    Refused(
        /// Why.
        String,
    ),
}

/// What became of a part of a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppliedPart {
    /// Each count of it.
    Done(Vec<Compared>),
    /// It was applied before; nothing was done.
    Before,
}

impl Commands {
    /// Compares up to [`COUNTS_MAX`] counts, each of another level, with the ledger. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn compare_counts(&self, counting: &Counting, counts: &[Count]) -> Result<Vec<Compared>, StoreError> {
        transact(&self.store, &Compare { counting, counts }).await
    }

    /// Makes stock what was counted, by events with the reason `RECONCILIATION`, for part `part` of the count: `compared`
    /// is what [`Self::compare_counts`] gave for it. A level that moved since then is left alone, unless it is said when
    /// it was counted. The same part of the same content is applied once, whenever it is tried.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing of this part is applied.
    pub async fn apply_counts(
        &self,
        caller: &Caller,
        counting: &Counting,
        part: i32,
        compared: &[Compared],
    ) -> Result<AppliedPart, StoreError> {
        let applied = transact(&self.store, &Apply { commands: self, caller, counting, part, compared }).await;
        match applied {
            Ok(done) => {
                self.signal.ring();
                Ok(AppliedPart::Done(done))
            }
            Err(StoreError::Database(error))
                if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) =>
            {
                Ok(AppliedPart::Before)
            }
            Err(error) => Err(error),
        }
    }

    /// The time by the clock of the database.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn database_time(&self) -> Result<DateTime<Utc>, StoreError> {
        now::read(self.store.reader()).await
    }
}

/// The stock under the counts: as it is, and as it was when it was counted.
struct Recorded {
    loaded: LoadedStock,
    past: Option<BTreeMap<(String, String), Level>>,
}

impl Recorded {
    async fn read<'a>(
        transaction: &DatabaseTransaction,
        counting: &Counting,
        counts: impl Iterator<Item = &'a Count> + Send,
    ) -> Result<Self, StoreError> {
        let (mut skus, mut places): (Vec<String>, Vec<&str>) =
            counts.map(|count| (count.sku.clone(), count.location_id.as_str())).unzip();
        skus.sort_unstable();
        skus.dedup();
        places.sort_unstable();
        places.dedup();
        let loaded = load(transaction, Which::Skus(&skus), &places).await?;
        let past = match counting.counted_at {
            None => None,
            Some(time) => {
                let ids: Vec<String> = loaded.stock.variants.keys().cloned().collect();
                let levels = stock_at_within(transaction, &ids, time).await?;
                Some(levels.into_iter().map(|past| ((past.variant_id, past.location_id), past.level)).collect())
            }
        };
        Ok(Self { loaded, past })
    }

    /// The level now, and the one that was counted.
    fn levels(&self, count: &Count) -> Option<(Level, Level)> {
        let variant_id = self.loaded.stock.by_sku.get(&count.sku)?;
        let now = self.loaded.stock.level(variant_id, &count.location_id);
        let counted = match &self.past {
            None => now,
            Some(past) => past.get(&(variant_id.clone(), count.location_id.clone())).copied().unwrap_or_default(),
        };
        Some((now, counted))
    }

    fn compare(&self, counting: &Counting, count: &Count) -> Outcome {
        let Some((now, counted)) = self.levels(count) else {
            return Outcome::Refused(format!("there is no SKU `{}`", count.sku));
        };
        let recorded = counted.quantities.get(counting.name);
        if recorded == count.quantity {
            return Outcome::Agrees;
        }
        Outcome::Differs { recorded, version: now.version }
    }
}

struct Compare<'a> {
    counting: &'a Counting,
    counts: &'a [Count],
}

impl Work for Compare<'_> {
    type Output = Vec<Compared>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        let recorded = Recorded::read(transaction, self.counting, self.counts.iter()).await?;
        let compare =
            |count: &Count| Compared { count: count.clone(), outcome: recorded.compare(self.counting, count) };
        Ok(self.counts.iter().map(compare).collect())
    }
}

struct Apply<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    counting: &'a Counting,
    part: i32,
    compared: &'a [Compared],
}

impl Work for Apply<'_> {
    type Output = Vec<Compared>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        self.claim(transaction).await?;
        let counts = self.compared.iter().map(|compared| &compared.count);
        let mut recorded = Recorded::read(transaction, self.counting, counts).await?;
        let mut outcomes = Vec::with_capacity(self.compared.len());
        let mut changes = Vec::new();
        for (index, Compared { count, outcome }) in self.compared.iter().enumerate() {
            let outcome = self.plan(&recorded, count, outcome);
            if let Outcome::Adjusted { delta, .. } = outcome {
                let (sku, location_id) = (count.sku.clone(), count.location_id.clone());
                changes.push((index, Change { sku, location_id, delta, ..Change::default() }));
            }
            outcomes.push(Compared { count: count.clone(), outcome });
        }
        let events = loop {
            let wanted = changes.iter().map(|(_, change)| change.clone()).collect();
            let command = Command::Adjust { name: QuantityName::OnHand, kind: EventKind::Adjusted, changes: wanted };
            match decide(&recorded.loaded.stock, &command) {
                Ok(events) => break events,
                Err(errors) => changes = without_refused(changes, errors, &mut outcomes)?,
            }
        };
        let entries: Vec<Entry> = events.into_iter().map(|event| Entry { event, reservation_id: None }).collect();
        let note = Note {
            reason: "RECONCILIATION".to_owned(),
            actor: self.caller.actor.clone(),
            reference: Some(self.counting.file.clone()),
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(format!("{}/{}", self.counting.content_hash, self.part)),
        };
        append(transaction, &mut recorded.loaded, &entries, &note, self.commands.low_stock_threshold).await?;
        Ok(outcomes)
    }
}

impl Apply<'_> {
    /// Notes that the part is applied; a second time that fails by the key of the table.
    async fn claim(&self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        let row = reconciliation::Model {
            content_hash: self.counting.content_hash.clone(),
            quantity: self.counting.name.words().to_owned(),
            part: self.part,
            file: self.counting.file.clone(),
            applied_at: now::read(transaction).await?,
        };
        reconciliation::Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
        Ok(())
    }

    /// What shall be done about one count, given what comparing it gave before.
    fn plan(&self, recorded: &Recorded, count: &Count, before: &Outcome) -> Outcome {
        let again = recorded.compare(self.counting, count);
        let (&Outcome::Differs { version: seen, .. }, &Outcome::Differs { recorded: quantity, version }) =
            (before, &again)
        else {
            // What agreed and now differs has moved, and so has what differed and now agrees.
            return if matches!(again, Outcome::Differs { .. }) { Outcome::Moved } else { again };
        };
        let Some((_, counted)) = recorded.levels(count) else { return again };
        if self.counting.counted_at.is_none() && seen != version {
            return Outcome::Moved;
        }
        match counted.quantities.on_hand_for(self.counting.name, count.quantity) {
            Some(delta) => Outcome::Adjusted { recorded: quantity, delta },
            None => Outcome::Refused(format!("{} pieces are more than can be counted", count.quantity)),
        }
    }
}

/// The changes without those that the errors point at, which are `["input", "changes", INDEX, …]`; their counts are refused.
fn without_refused(
    changes: Vec<(usize, Change)>,
    errors: Vec<UserError>,
    outcomes: &mut [Compared],
) -> Result<Vec<(usize, Change)>, StoreError> {
    let mut refused = BTreeMap::new();
    for error in errors {
        let index = error.field.as_ref().and_then(|field| field.get(2)).and_then(|index| index.parse::<usize>().ok());
        let Some(index) = index else {
            return Err(StoreError::Corrupt { table: "stock_level", reason: error.message });
        };
        refused.insert(index, error.message);
    }
    let mut left = Vec::with_capacity(changes.len());
    for (position, (index, change)) in changes.into_iter().enumerate() {
        match (refused.remove(&position), outcomes.get_mut(index)) {
            (Some(reason), Some(compared)) => compared.outcome = Outcome::Refused(reason),
            _ => left.push((index, change)),
        }
    }
    Ok(left)
}
