//! Promotions.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Refusals;
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, UserError, pricing::BASIS_POINTS},
    entity::{collection, product, promotion, promotion_target, variant},
    store::{StoreError, now},
};

/// The most targets of one promotion.
pub const TARGETS_MAX: usize = 1_000;
/// The longest title in characters.
const TITLE_MAX: usize = 200;
/// The longest code in characters.
const CODE_MAX: usize = 50;
/// The highest amount in minor units: what fits into the graph's `Int`.
const AMOUNT_MAX: i64 = i32::MAX as i64;
/// Priorities are between minus this and this.
const PRIORITY_MAX: i32 = 1_000;

/// A promotion as staff wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromotionDraft {
    /// What shoppers read: 1 to 200 characters.
    pub title: String,
    /// The code that it needs, 1 to 50 letters, digits, `-` and `_`, in any case.
    pub code: Option<String>,
    /// `PERCENTAGE`, `FIXED_AMOUNT` or `FIXED_PRICE`.
    pub kind: &'static str,
    /// Basis points of a percentage, else minor units of the currency.
    pub value: i64,
    /// ISO 4217 code; of a fixed amount or price alone.
    pub currency: Option<String>,
    /// Higher is applied first.
    pub priority: i32,
    /// Whether others may be applied beside it.
    pub combinable: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Not before this time.
    pub starts_at: Option<DateTime<Utc>>,
    /// Only before this time.
    pub ends_at: Option<DateTime<Utc>>,
    /// Kind and id of what it holds for: 1 to [`TARGETS_MAX`].
    pub targets: Vec<(&'static str, String)>,
}

/// A promotion that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionWritten {
    /// Its id.
    pub id: String,
}

impl Commands {
    /// Makes a promotion.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn create_promotion(
        &self,
        caller: &Caller,
        draft: &PromotionDraft,
        idempotency_key: &str,
    ) -> Result<Answer<PromotionWritten>, StoreError> {
        if let Err(refused) = check(draft) {
            return Ok(Err(refused));
        }
        let command = Write { id: None, draft, expected_revision: None };
        perform_once(self, ("promotion_create", &caller.actor, idempotency_key), draft, &command).await
    }

    /// Makes the promotion with this id, at the given revision, what the draft says.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn update_promotion(
        &self,
        caller: &Caller,
        (id, expected_revision): (&str, Option<i64>),
        draft: &PromotionDraft,
        idempotency_key: &str,
    ) -> Result<Answer<PromotionWritten>, StoreError> {
        if let Err(refused) = check(draft) {
            return Ok(Err(refused));
        }
        let command = Write { id: Some(id), draft, expected_revision };
        let request = (id, expected_revision, draft);
        perform_once(self, ("promotion_update", &caller.actor, idempotency_key), &request, &command).await
    }

    /// Takes the promotion with this id away.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn delete_promotion(
        &self,
        caller: &Caller,
        id: &str,
        idempotency_key: &str,
    ) -> Result<Answer<PromotionWritten>, StoreError> {
        perform_once(self, ("promotion_delete", &caller.actor, idempotency_key), &id, &Delete { id }).await
    }
}

fn check(draft: &PromotionDraft) -> Answer<()> {
    let mut refusals = Refusals::default();
    let length = draft.title.chars().count();
    if !(1..=TITLE_MAX).contains(&length) {
        let message = format!("the title has {length} characters, 1 to {TITLE_MAX} are possible");
        refusals.add("title", ErrorCode::InvalidInput, message);
    }
    if draft.code.as_ref().is_some_and(|code| !is_code(code)) {
        let message = format!("a code is 1 to {CODE_MAX} letters of the Latin alphabet, digits, `-` and `_`");
        refusals.add("code", ErrorCode::InvalidInput, message);
    }
    let (least, most) = match draft.kind {
        "PERCENTAGE" => (1, BASIS_POINTS),
        "FIXED_AMOUNT" => (1, AMOUNT_MAX),
        _ => (0, AMOUNT_MAX),
    };
    if !(least..=most).contains(&draft.value) {
        let message = format!("the value is {}, {least} to {most} are possible", draft.value);
        refusals.add("value", ErrorCode::InvalidPrice, message);
    }
    if draft.currency.is_some() == (draft.kind == "PERCENTAGE") {
        let message = "a fixed amount or price has a currency, and a percentage has none";
        refusals.add("currencyCode", ErrorCode::InvalidInput, message);
    } else if draft.currency.as_ref().is_some_and(|code| !is_currency(code)) {
        refusals.add("currencyCode", ErrorCode::InvalidInput, "a currency is three upper-case letters");
    }
    if !(-PRIORITY_MAX..=PRIORITY_MAX).contains(&draft.priority) {
        let message = format!("the priority is {}, -{PRIORITY_MAX} to {PRIORITY_MAX} are possible", draft.priority);
        refusals.add("priority", ErrorCode::InvalidInput, message);
    }
    if draft.targets.is_empty() || draft.targets.len() > TARGETS_MAX {
        let message = format!("{} targets were given, 1 to {TARGETS_MAX} are possible", draft.targets.len());
        refusals.add("targets", ErrorCode::TooManyLines, message);
    }
    refusals.check_period("", draft.starts_at, draft.ends_at);
    refusals.or_none()
}

/// Whether it may be the code of a promotion, in any case.
pub(crate) fn is_code(code: &str) -> bool {
    (1..=CODE_MAX).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

struct Write<'a> {
    /// Absent for a new one.
    id: Option<&'a str>,
    draft: &'a PromotionDraft,
    expected_revision: Option<i64>,
}

impl Perform for Write<'_> {
    type Output = PromotionWritten;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<PromotionWritten>, StoreError> {
        let existing = match self.id {
            None => None,
            Some(id) => match locked(transaction, id).await? {
                None => return Ok(Err(unknown(id))),
                Some(row) => Some(row),
            },
        };
        if let Some((row, expected)) = existing.as_ref().zip(self.expected_revision)
            && row.revision != expected
        {
            let message = format!("the promotion is at revision {}, not {expected}", row.revision);
            return Ok(Err(vec![UserError::at(&["expectedRevision"], ErrorCode::VersionConflict, message)]));
        }
        let id = existing.as_ref().map_or_else(|| Uuid::now_v7().to_string(), |row| row.id.clone());
        let code = self.draft.code.as_ref().map(|code| code.to_uppercase());
        if let Some(code) = &code {
            let other = promotion::Entity::find().filter(promotion::Column::Code.eq(code.as_str()));
            if other.filter(promotion::Column::Id.ne(id.as_str())).one(transaction).await?.is_some() {
                let message = format!("another promotion has the code `{code}`");
                return Ok(Err(vec![UserError::at(&["input", "code"], ErrorCode::NameTaken, message)]));
            }
        }
        if let Some(target) = self.unknown_target(transaction).await? {
            let message = format!("there is no product, variant or collection `{target}`");
            return Ok(Err(vec![UserError::at(&["input", "targets"], ErrorCode::InvalidInput, message)]));
        }
        self.write(transaction, existing, id.clone(), code).await?;
        Ok(Ok(PromotionWritten { id }))
    }
}

impl Write<'_> {
    /// A product, variant or collection that it is to hold for, and that is not there.
    async fn unknown_target(&self, transaction: &DatabaseTransaction) -> Result<Option<String>, StoreError> {
        let of = |wanted: &str| -> Vec<&str> {
            self.draft.targets.iter().filter(|(kind, _)| *kind == wanted).map(|(_, id)| id.as_str()).collect()
        };
        let (products, variants, collections) = (of("PRODUCT"), of("VARIANT"), of("COLLECTION"));
        let mut known: BTreeSet<String> = BTreeSet::new();
        if !products.is_empty() {
            let rows = product::Entity::find().filter(product::Column::Id.is_in(products.iter().copied()));
            known.extend(rows.all(transaction).await?.into_iter().map(|row| row.id));
        }
        if !variants.is_empty() {
            let rows = variant::Entity::find().filter(variant::Column::Id.is_in(variants.iter().copied()));
            known.extend(rows.all(transaction).await?.into_iter().map(|row| row.id));
        }
        if !collections.is_empty() {
            let rows = collection::Entity::find().filter(collection::Column::Id.is_in(collections.iter().copied()));
            known.extend(rows.all(transaction).await?.into_iter().map(|row| row.id));
        }
        Ok(products.into_iter().chain(variants).chain(collections).find(|id| !known.contains(*id)).map(str::to_owned))
    }

    async fn write(
        &self,
        transaction: &DatabaseTransaction,
        existing: Option<promotion::Model>,
        id: String,
        code: Option<String>,
    ) -> Result<(), StoreError> {
        let time = now::read(transaction).await?;
        let row = promotion::Model {
            id: id.clone(),
            title: self.draft.title.clone(),
            code,
            kind: self.draft.kind.to_owned(),
            value: self.draft.value,
            currency: self.draft.currency.clone(),
            priority: self.draft.priority,
            combinable: self.draft.combinable,
            enabled: self.draft.enabled,
            starts_at: self.draft.starts_at,
            ends_at: self.draft.ends_at,
            revision: existing.as_ref().map_or(1, |row| row.revision + 1),
            created_at: existing.as_ref().map_or(time, |row| row.created_at),
            updated_at: time,
        };
        let row = row.into_active_model().reset_all();
        if existing.is_some() {
            row.update(transaction).await.map_err(of_code)?;
            let old = promotion_target::Entity::delete_many();
            old.filter(promotion_target::Column::PromotionId.eq(id.as_str())).exec(transaction).await?;
        } else {
            promotion::Entity::insert(row).exec_without_returning(transaction).await.map_err(of_code)?;
        }
        let mut targets = self.draft.targets.clone();
        targets.sort_unstable();
        targets.dedup();
        let rows = targets.into_iter().map(|(kind, target_id)| promotion_target::ActiveModel {
            promotion_id: Set(id.clone()),
            kind: Set(kind.to_owned()),
            target_id: Set(target_id),
        });
        promotion_target::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        Ok(())
    }
}

struct Delete<'a> {
    id: &'a str,
}

impl Perform for Delete<'_> {
    type Output = PromotionWritten;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<PromotionWritten>, StoreError> {
        if locked(transaction, self.id).await?.is_none() {
            return Ok(Err(unknown(self.id)));
        }
        promotion::Entity::delete_by_id(self.id).exec(transaction).await?;
        Ok(Ok(PromotionWritten { id: self.id.to_owned() }))
    }
}

async fn locked(transaction: &DatabaseTransaction, id: &str) -> Result<Option<promotion::Model>, StoreError> {
    Ok(promotion::Entity::find_by_id(id).lock_exclusive().one(transaction).await?)
}

/// Of two that take one code at once, the second runs again and finds it taken.
fn of_code(error: DbErr) -> StoreError {
    StoreError::of_unique("promotion", error)
}

fn unknown(id: &str) -> Vec<UserError> {
    vec![UserError::at(&["id"], ErrorCode::UnknownPromotion, format!("there is no promotion `{id}`"))]
}
