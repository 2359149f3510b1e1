//! Collections as staff wants them.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};
use serde::Serialize;
use uuid::Uuid;

use super::{CollectionWritten, locked, unknown};
use crate::{
    command::{
        Answer, Caller, Commands,
        catalog::Refusals,
        keyed::{Perform, perform_once},
    },
    domain::{
        ErrorCode, UserError,
        collection::{RULES_MAX, Rules, SortOrder},
    },
    entity::collection,
    store::{
        StoreError,
        collections::{self, MANUAL, SMART},
        now,
        publications::{self, Subject},
    },
};

/// The most collections by rules: each changed product is held against all of them.
pub const SMART_MAX: u64 = 250;
/// The longest handle in characters.
const HANDLE_MAX: usize = 200;
/// The longest title in characters.
const TITLE_MAX: usize = 200;
/// The longest description in characters.
const DESCRIPTION_MAX: usize = 10_000;

/// A collection as staff wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectionDraft {
    /// Unique name in addresses: 1 to 200 lower-case letters, digits and `-`.
    pub handle: String,
    /// 1 to 200 characters.
    pub title: String,
    /// Plain text, at most 10,000 characters.
    pub description: String,
    /// The order of its products.
    pub sort: SortOrder,
    /// What is in it; `None` when that is chosen by hand.
    pub rules: Option<Rules>,
}

impl CollectionDraft {
    const fn kind(&self) -> &'static str {
        if self.rules.is_some() { SMART } else { MANUAL }
    }
}

impl Commands {
    /// Makes a collection, or makes the one with the id, at the given revision, what the draft says.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn write_collection(
        &self,
        caller: &Caller,
        of: Option<(&str, Option<i64>)>,
        draft: &CollectionDraft,
        idempotency_key: &str,
    ) -> Result<Answer<CollectionWritten>, StoreError> {
        if let Err(refused) = check(draft) {
            return Ok(Err(refused));
        }
        let request = (of, draft);
        let command = Write { caller, of, draft };
        perform_once(self, ("collection_write", &caller.actor, idempotency_key), &request, &command).await
    }

    /// Takes the collection with this id away; its products stay.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn delete_collection(
        &self,
        caller: &Caller,
        id: &str,
        idempotency_key: &str,
    ) -> Result<Answer<CollectionWritten>, StoreError> {
        let command = Delete { caller, id };
        perform_once(self, ("collection_delete", &caller.actor, idempotency_key), &id, &command).await
    }
}

fn check(draft: &CollectionDraft) -> Answer<()> {
    let mut refusals = Refusals::default();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=HANDLE_MAX).contains(&draft.handle.len()) || !draft.handle.bytes().all(allowed) {
        let message = format!("a handle is 1 to {HANDLE_MAX} lower-case letters of the Latin alphabet, digits and `-`");
        refusals.add("handle", ErrorCode::InvalidInput, message);
    }
    for (name, text, least, most) in
        [("title", &draft.title, 1, TITLE_MAX), ("description", &draft.description, 0, DESCRIPTION_MAX)]
    {
        let length = text.chars().count();
        if !(least..=most).contains(&length) {
            let message = format!("it has {length} characters, {least} to {most} are possible");
            refusals.add(name, ErrorCode::InvalidInput, message);
        }
    }
    if let Some(rules) = &draft.rules {
        if draft.sort == SortOrder::Manual {
            let message = "a collection by rules has no order made by hand";
            refusals.add("sort", ErrorCode::InvalidInput, message);
        }
        let count = rules.rules.len();
        if !(1..=RULES_MAX).contains(&count) {
            let message = format!("{count} rules were given, 1 to {RULES_MAX} are possible");
            refusals.add("rules.rules", ErrorCode::TooManyLines, message);
        }
        for (index, rule) in rules.rules.iter().enumerate() {
            if let Err(message) = rule.check() {
                refusals.add(&format!("rules.rules.{index}"), ErrorCode::InvalidInput, message);
            }
        }
    }
    refusals.or_none()
}

struct Write<'a> {
    caller: &'a Caller,
    of: Option<(&'a str, Option<i64>)>,
    draft: &'a CollectionDraft,
}

impl Perform for Write<'_> {
    type Output = CollectionWritten;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<CollectionWritten>, StoreError> {
        collections::hold_products(transaction).await?;
        let existing = match self.of {
            None => None,
            Some((id, expected)) => match locked(transaction, id).await? {
                None => return Ok(Err(unknown(id))),
                Some(row) if expected.is_some_and(|expected| expected != row.revision) => {
                    let message = format!("the collection is at revision {}", row.revision);
                    let error = UserError::at(&["expectedRevision"], ErrorCode::VersionConflict, message);
                    return Ok(Err(vec![error]));
                }
                Some(row) => Some(row),
            },
        };
        if let Some(error) = self.refusal(transaction, existing.as_ref()).await? {
            return Ok(Err(vec![error]));
        }
        let row = self.row(transaction, existing.as_ref()).await?;
        let id = row.id.clone();
        let written = row.clone().into_active_model().reset_all();
        let taken = |error| StoreError::of_unique("collection", error);
        if existing.is_some() {
            written.update(transaction).await.map_err(taken)?;
        } else {
            collection::Entity::insert(written).exec_without_returning(transaction).await.map_err(taken)?;
        }
        self.bring_in(transaction, existing.as_ref(), &row).await?;
        collections::announce(transaction, &row, false, &self.caller.correlation_id).await?;
        Ok(Ok(CollectionWritten { id }))
    }
}

impl Write<'_> {
    async fn row(
        &self,
        transaction: &DatabaseTransaction,
        existing: Option<&collection::Model>,
    ) -> Result<collection::Model, StoreError> {
        let time = now::read(transaction).await?;
        let rules = self.draft.rules.as_ref().map(serde_json::to_value).transpose();
        let rules = rules.map_err(|error| StoreError::Corrupt { table: "collection", reason: error.to_string() })?;
        Ok(collection::Model {
            id: existing.map_or_else(|| Uuid::now_v7().to_string(), |row| row.id.clone()),
            handle: self.draft.handle.clone(),
            title: self.draft.title.clone(),
            description: self.draft.description.clone(),
            kind: self.draft.kind().to_owned(),
            rules,
            sort: self.draft.sort.as_str().to_owned(),
            revision: existing.map_or(1, |row| row.revision + 1),
            created_at: existing.map_or(time, |row| row.created_at),
            updated_at: existing.map_or(time, |row| row.updated_at.max(time)),
        })
    }

    /// Why it cannot be beside what there is.
    async fn refusal(
        &self,
        transaction: &DatabaseTransaction,
        existing: Option<&collection::Model>,
    ) -> Result<Option<UserError>, StoreError> {
        let kind = self.draft.kind();
        if existing.is_some_and(|row| row.kind != kind) {
            let message = "a collection by hand stays one, and so does one by rules";
            return Ok(Some(UserError::at(&["input", "rules"], ErrorCode::InvalidInput, message)));
        }
        let others = collection::Entity::find().filter(collection::Column::Handle.eq(self.draft.handle.as_str()));
        let others = others.filter(collection::Column::Id.ne(existing.map_or("", |row| row.id.as_str())));
        if others.one(transaction).await?.is_some() {
            let message = format!("another collection has the handle `{}`", self.draft.handle);
            return Ok(Some(UserError::at(&["input", "handle"], ErrorCode::NameTaken, message)));
        }
        if kind == SMART && existing.is_none() {
            let smart = collection::Entity::find().filter(collection::Column::Kind.eq(SMART));
            if smart.count(transaction).await? >= SMART_MAX {
                let message = format!("there are {SMART_MAX} collections by rules, more are not possible");
                return Ok(Some(UserError::at(&["input", "rules"], ErrorCode::TooManyLines, message)));
            }
        }
        Ok(None)
    }

    /// Brings what is inside up to date with the rules and the order.
    async fn bring_in(
        &self,
        transaction: &DatabaseTransaction,
        existing: Option<&collection::Model>,
        row: &collection::Model,
    ) -> Result<(), StoreError> {
        let is_the_same = existing.is_some_and(|old| old.rules == row.rules && old.sort == row.sort);
        if is_the_same {
            return Ok(());
        }
        if row.kind == SMART {
            return collections::fill(transaction, row).await;
        }
        let content = collections::by_hand(transaction, &row.id).await?;
        collections::fill_by_hand(transaction, row, &content).await
    }
}

struct Delete<'a> {
    caller: &'a Caller,
    id: &'a str,
}

impl Perform for Delete<'_> {
    type Output = CollectionWritten;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<CollectionWritten>, StoreError> {
        collections::hold_products(transaction).await?;
        let Some(mut row) = locked(transaction, self.id).await? else { return Ok(Err(unknown(self.id))) };
        let ids = [row.id.clone()];
        publications::replace(transaction, Subject::Collection, &ids, (&[], now::read(transaction).await?)).await?;
        collection::Entity::delete_by_id(self.id).exec(transaction).await?;
        row.revision += 1;
        collections::announce(transaction, &row, true, &self.caller.correlation_id).await?;
        Ok(Ok(CollectionWritten { id: self.id.to_owned() }))
    }
}
