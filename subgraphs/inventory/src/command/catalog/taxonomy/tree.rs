//! Changes of the tree.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, UserError},
    entity::taxonomy_category,
    store::{
        StoreError,
        taxonomy::{self, LEVELS_MAX, NAME_MAX},
    },
};

/// The most nodes right below one, and at the top.
pub const CHILDREN_MAX: u64 = 250;

/// A change of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum CategoryEdit {
    /// Makes a node below another, or at the top.
    Create {
        /// The node above it.
        parent_id: Option<String>,
        /// Its name: 1 to [`NAME_MAX`] characters, without `>`.
        name: String,
    },
    /// Gives a node another name.
    Rename {
        /// The node.
        id: String,
        /// Its name.
        name: String,
    },
    /// Puts a node, with all below it, below another, or to the top.
    Move {
        /// The node.
        id: String,
        /// The node above it from now on.
        parent_id: Option<String>,
    },
    /// Takes a node away that has nothing below it and no products.
    Delete {
        /// The node.
        id: String,
    },
}

/// A node that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryWritten {
    /// Its id.
    pub id: String,
}

impl Commands {
    /// Changes the tree of categories.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn edit_taxonomy(
        &self,
        caller: &Caller,
        edit: &CategoryEdit,
        idempotency_key: &str,
    ) -> Result<Answer<CategoryWritten>, StoreError> {
        let command = Edit { caller, edit };
        perform_once(self, ("taxonomy", &caller.actor, idempotency_key), edit, &command).await
    }
}

struct Edit<'a> {
    caller: &'a Caller,
    edit: &'a CategoryEdit,
}

type Refused = Result<(), UserError>;

impl Perform for Edit<'_> {
    type Output = CategoryWritten;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<CategoryWritten>, StoreError> {
        taxonomy::hold_tree(transaction).await?;
        let done = match self.edit {
            CategoryEdit::Create { parent_id, name } => self.create(transaction, parent_id.as_deref(), name).await?,
            CategoryEdit::Rename { id, name } => self.rename(transaction, id, name).await?,
            CategoryEdit::Move { id, parent_id } => self.relocate(transaction, id, parent_id.as_deref()).await?,
            CategoryEdit::Delete { id } => self.delete(transaction, id).await?,
        };
        Ok(done.map(|id| CategoryWritten { id }).map_err(|error| vec![error]))
    }
}

impl Edit<'_> {
    async fn create(
        &self,
        transaction: &DatabaseTransaction,
        parent_id: Option<&str>,
        name: &str,
    ) -> Result<Result<String, UserError>, StoreError> {
        if let Err(error) = check_name(name) {
            return Ok(Err(error));
        }
        if let Err(error) = check_place(transaction, parent_id, (name, 1)).await? {
            return Ok(Err(error));
        }
        let row = taxonomy::insert(transaction, (parent_id, name), &self.caller.correlation_id).await?;
        Ok(Ok(row.id))
    }

    async fn rename(
        &self,
        transaction: &DatabaseTransaction,
        id: &str,
        name: &str,
    ) -> Result<Result<String, UserError>, StoreError> {
        if let Err(error) = check_name(name) {
            return Ok(Err(error));
        }
        let Some(row) = taxonomy::node(transaction, id).await? else { return Ok(Err(unknown("id", id))) };
        if row.name == name {
            return Ok(Ok(row.id));
        }
        if taxonomy::child(transaction, row.parent_id.as_deref(), name).await?.is_some() {
            return Ok(Err(taken(name)));
        }
        let renamed = taxonomy_category::ActiveModel {
            id: Set(row.id.clone()),
            name: Set(name.to_owned()),
            ..Default::default()
        };
        renamed.update(transaction).await?;
        taxonomy::announce_below(transaction, id, &self.caller.correlation_id).await?;
        Ok(Ok(row.id))
    }

    async fn relocate(
        &self,
        transaction: &DatabaseTransaction,
        id: &str,
        parent_id: Option<&str>,
    ) -> Result<Result<String, UserError>, StoreError> {
        let Some(row) = taxonomy::node(transaction, id).await? else { return Ok(Err(unknown("id", id))) };
        if row.parent_id.as_deref() == parent_id {
            return Ok(Ok(row.id));
        }
        let subtree = taxonomy::below(transaction, id).await?;
        if parent_id.is_some_and(|parent_id| subtree.iter().any(|(own, _)| own == parent_id)) {
            let message = "a category cannot be below itself";
            return Ok(Err(UserError::at(&["parentId"], ErrorCode::InvalidInput, message)));
        }
        let levels = subtree.iter().map(|(_, distance)| *distance).max().unwrap_or(0) + 1;
        let levels = usize::try_from(levels).unwrap_or(LEVELS_MAX);
        if let Err(error) = check_place(transaction, parent_id, (&row.name, levels)).await? {
            return Ok(Err(error));
        }
        taxonomy::relink(transaction, id, parent_id).await?;
        let moved = taxonomy_category::ActiveModel {
            id: Set(row.id.clone()),
            parent_id: Set(parent_id.map(str::to_owned)),
            ..Default::default()
        };
        moved.update(transaction).await?;
        taxonomy::announce_below(transaction, id, &self.caller.correlation_id).await?;
        Ok(Ok(row.id))
    }

    async fn delete(
        &self,
        transaction: &DatabaseTransaction,
        id: &str,
    ) -> Result<Result<String, UserError>, StoreError> {
        let Some(mut row) = taxonomy::node(transaction, id).await? else { return Ok(Err(unknown("id", id))) };
        let refuse = |message: &str| Ok(Err(UserError::at(&["id"], ErrorCode::InvalidInput, message)));
        if taxonomy::count_children(transaction, Some(id)).await? > 0 {
            return refuse("there are categories below it");
        }
        if taxonomy::has_products(transaction, id).await? {
            return refuse("there are products in it");
        }
        taxonomy_category::Entity::delete_by_id(id).exec(transaction).await?;
        row.revision += 1;
        taxonomy::write_events(transaction, std::slice::from_ref(&row), true, &self.caller.correlation_id).await?;
        Ok(Ok(row.id))
    }
}

fn check_name(name: &str) -> Refused {
    let length = name.chars().count();
    if !(1..=NAME_MAX).contains(&length) || name.contains('>') || name.trim() != name {
        let message = format!("a name is 1 to {NAME_MAX} characters without `>` and without space around it");
        return Err(UserError::at(&["name"], ErrorCode::InvalidInput, message));
    }
    Ok(())
}

/// Whether something called `name` with so many `levels` can be right below `parent_id`.
async fn check_place(
    transaction: &DatabaseTransaction,
    parent_id: Option<&str>,
    (name, levels): (&str, usize),
) -> Result<Refused, StoreError> {
    let mut above = 0;
    if let Some(parent_id) = parent_id {
        above = taxonomy::way_up(transaction, parent_id).await?.len();
        if above == 0 {
            return Ok(Err(unknown("parentId", parent_id)));
        }
    }
    if above + levels > LEVELS_MAX {
        let message = format!("the tree would have {} levels, {LEVELS_MAX} are possible", above + levels);
        return Ok(Err(UserError::at(&["parentId"], ErrorCode::InvalidInput, message)));
    }
    if taxonomy::count_children(transaction, parent_id).await? >= CHILDREN_MAX {
        let message = format!("there are {CHILDREN_MAX} categories already, more are not possible");
        return Ok(Err(UserError::at(&["parentId"], ErrorCode::TooManyLines, message)));
    }
    if taxonomy::child(transaction, parent_id, name).await?.is_some() {
        return Ok(Err(taken(name)));
    }
    Ok(Ok(()))
}

fn unknown(member: &str, id: &str) -> UserError {
    UserError::at(&[member], ErrorCode::UnknownCategory, format!("there is no category `{id}`"))
}

fn taken(name: &str) -> UserError {
    UserError::at(&["name"], ErrorCode::NameTaken, format!("there is a category `{name}` already"))
}
