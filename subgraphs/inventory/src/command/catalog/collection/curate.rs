//! What is in a collection by hand, in which order, and why.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::Serialize;

use super::{CollectionWritten, count_up, locked, unknown};
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, UserError, curation},
    entity::product,
    store::{
        StoreError,
        collections::{self, MANUAL},
    },
};

/// The most products of a collection by hand.
pub const PRODUCTS_MAX: usize = 5_000;
/// The most products of one call.
pub const CHANGES_MAX: usize = 250;
/// The longest note in characters.
pub const NOTE_MAX: usize = 500;

/// A product that is put into a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Added {
    /// The product.
    pub product_id: String,
    /// Why it is there, for who reads the collection; at most [`NOTE_MAX`] characters.
    pub note: Option<String>,
}

/// A change of what is in a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Curate {
    /// Puts those that are not there yet at a place counted from 1, or behind all; of all, writes the notes.
    Add(Vec<Added>, Option<usize>),
    /// Takes out.
    Remove(Vec<String>),
    /// Brings those that are there to a place counted from 1, in this order.
    Move(Vec<String>, usize),
}

impl Curate {
    fn count(&self) -> usize {
        match self {
            Self::Add(products, _) => products.len(),
            Self::Remove(ids) | Self::Move(ids, _) => ids.len(),
        }
    }
}

impl Commands {
    /// Changes what is in a collection by hand, and in which order.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn curate_collection(
        &self,
        caller: &Caller,
        (id, what): (&str, &Curate),
        idempotency_key: &str,
    ) -> Result<Answer<CollectionWritten>, StoreError> {
        let count = what.count();
        if !(1..=CHANGES_MAX).contains(&count) {
            let message = format!("{count} products were given, 1 to {CHANGES_MAX} are possible");
            return Ok(Err(vec![refuse(ErrorCode::TooManyLines, message)]));
        }
        let command = Curated { caller, id, what };
        perform_once(self, ("collection_curate", &caller.actor, idempotency_key), &(id, what), &command).await
    }
}

fn refuse(code: ErrorCode, message: String) -> UserError {
    UserError::at(&["products"], code, message)
}

struct Curated<'a> {
    caller: &'a Caller,
    id: &'a str,
    what: &'a Curate,
}

impl Perform for Curated<'_> {
    type Output = CollectionWritten;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<CollectionWritten>, StoreError> {
        collections::hold_products(transaction).await?;
        let Some(row) = locked(transaction, self.id).await? else { return Ok(Err(unknown(self.id))) };
        if row.kind != MANUAL {
            let message = "its rules say what is in this collection".to_owned();
            return Ok(Err(vec![refuse(ErrorCode::InvalidInput, message)]));
        }
        let old = collections::by_hand(transaction, self.id).await?;
        let ids: Vec<String> = old.iter().map(|(id, _)| id.clone()).collect();
        let mut notes: BTreeMap<String, Option<String>> = old.iter().cloned().collect();
        let new = match self.what {
            Curate::Add(products, position) => {
                let added: Vec<String> = products.iter().map(|added| added.product_id.clone()).collect();
                if let Some(error) = self.refusal(transaction, products).await? {
                    return Ok(Err(vec![error]));
                }
                notes.extend(products.iter().map(|added| (added.product_id.clone(), added.note.clone())));
                curation::insert(&ids, &added, *position)
            }
            Curate::Remove(gone) => curation::without(&ids, gone),
            Curate::Move(moved, position) => curation::bring(&ids, moved, *position),
        };
        if new.len() > PRODUCTS_MAX {
            let message = format!("{} products would be in it, at most {PRODUCTS_MAX} are possible", new.len());
            return Ok(Err(vec![refuse(ErrorCode::TooManyLines, message)]));
        }
        let note = |id: String| {
            let note = notes.get(&id).cloned().flatten();
            (id, note)
        };
        let new: Vec<(String, Option<String>)> = new.into_iter().map(note).collect();
        if new != old {
            collections::fill_by_hand(transaction, &row, &new).await?;
            count_up(transaction, row, &self.caller.correlation_id).await?;
        }
        Ok(Ok(CollectionWritten { id: self.id.to_owned() }))
    }
}

impl Curated<'_> {
    async fn refusal(
        &self,
        transaction: &DatabaseTransaction,
        products: &[Added],
    ) -> Result<Option<UserError>, StoreError> {
        let ids = products.iter().map(|added| added.product_id.as_str());
        let known = product::Entity::find().filter(product::Column::Id.is_in(ids)).all(transaction).await?;
        for (index, added) in products.iter().enumerate() {
            let index = index.to_string();
            if !known.iter().any(|row| row.id == added.product_id) {
                let message = format!("there is no product `{}`", added.product_id);
                let path = ["products", &index, "productId"];
                return Ok(Some(UserError::at(&path, ErrorCode::UnknownProduct, message)));
            }
            let length = added.note.as_ref().map_or(0, |note| note.chars().count());
            if length > NOTE_MAX {
                let message = format!("the note has {length} characters, at most {NOTE_MAX} are possible");
                let path = ["products", &index, "note"];
                return Ok(Some(UserError::at(&path, ErrorCode::InvalidInput, message)));
            }
        }
        Ok(None)
    }
}
