//! Carts: what a shopper wants to buy. Nothing is held for them, and prices are those of the moment.

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::Orders;
use crate::{
    command::{
        Answer, Caller,
        catalog::is_code,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, UserError},
    entity::{cart, product, variant},
    store::{
        StoreError,
        catalog_read::STATUS_SHOWN,
        now,
        orders::carts::{self, CartRows, OPEN},
        publications::{self, Subject},
    },
};

/// The most lines of one cart.
pub const CART_LINES_MAX: usize = 100;
/// The most pieces of one line.
pub const CART_QUANTITY_MAX: i32 = 10_000;

/// Pieces of one SKU in a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CartLine {
    /// The SKU.
    pub sku: String,
    /// Pieces.
    pub quantity: i32,
}

/// A cart to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewCart {
    /// Where it is sold.
    pub channel: String,
    /// What is in it from the beginning.
    pub lines: Vec<CartLine>,
}

/// What is done to the lines of a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Edit {
    Add,
    Set,
}

impl Orders {
    /// Makes a cart and gives its id.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn create_cart(&self, caller: &Caller, input: &NewCart, key: &str) -> Result<Answer<String>, StoreError> {
        let command = CreateCart { caller, input };
        perform_once(&self.commands, ("cart_create", &caller.actor, key), input, &command).await
    }

    /// Adds pieces to lines of a cart, new ones where there are none.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn add_to_cart(
        &self,
        caller: &Caller,
        (cart_id, lines): (&str, &[CartLine]),
        key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let command = EditCart { caller, cart_id, lines, edit: Edit::Add };
        perform_once(&self.commands, ("cart_add", &caller.actor, key), &(cart_id, lines), &command).await
    }

    /// Sets the pieces of lines of a cart; zero takes the line away.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_in_cart(
        &self,
        caller: &Caller,
        (cart_id, lines): (&str, &[CartLine]),
        key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let command = EditCart { caller, cart_id, lines, edit: Edit::Set };
        perform_once(&self.commands, ("cart_set", &caller.actor, key), &(cart_id, lines), &command).await
    }
}

impl Orders {
    /// Puts these codes of promotions in place of those that are in a cart. Whether one of them makes anything cheaper
    /// is seen where the cart is priced: it may begin to hold later.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_codes(
        &self,
        caller: &Caller,
        (cart_id, codes): (&str, &[String]),
        key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let command = SetCodes { caller, cart_id, codes };
        perform_once(&self.commands, ("cart_codes", &caller.actor, key), &(cart_id, codes), &command).await
    }
}

/// Whether the cart is this caller's: who is signed in may go on with a cart that was begun before.
pub(super) fn may_use(caller: &Caller, cart: &cart::Model) -> bool {
    cart.actor == caller.actor || cart.actor == Caller::ANONYMOUS
}

pub(super) fn no_cart(id: &str) -> Vec<UserError> {
    vec![UserError::at(&["cartId"], ErrorCode::CartNotFound, format!("there is no cart `{id}`"))]
}

struct CreateCart<'a> {
    caller: &'a Caller,
    input: &'a NewCart,
}

impl Perform for CreateCart<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let now = now::read(transaction).await?;
        let cart = cart::Model {
            id: Uuid::new_v4().to_string(),
            actor: self.caller.actor.clone(),
            channel: self.input.channel.clone(),
            status: OPEN.to_owned(),
            codes: serde_json::Value::Array(Vec::new()),
            created_at: now,
            updated_at: now,
        };
        let id = cart.id.clone();
        let rows = CartRows { cart, lines: Vec::new() };
        let wanted = match wanted(transaction, &rows, &self.input.lines, Edit::Add).await? {
            Ok(wanted) => wanted,
            Err(errors) => return Ok(Err(errors)),
        };
        carts::insert(transaction, rows.cart.clone()).await?;
        carts::write_lines(transaction, &rows, &wanted, now).await?;
        Ok(Ok(id))
    }
}

struct EditCart<'a> {
    caller: &'a Caller,
    cart_id: &'a str,
    lines: &'a [CartLine],
    edit: Edit,
}

impl Perform for EditCart<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let rows = match open_cart(transaction, self.caller, self.cart_id).await? {
            Ok(rows) => rows,
            Err(errors) => return Ok(Err(errors)),
        };
        let wanted = match wanted(transaction, &rows, self.lines, self.edit).await? {
            Ok(wanted) => wanted,
            Err(errors) => return Ok(Err(errors)),
        };
        let now = now::read(transaction).await?;
        carts::write_lines(transaction, &rows, &wanted, now).await?;
        Ok(Ok(self.cart_id.to_owned()))
    }
}

struct SetCodes<'a> {
    caller: &'a Caller,
    cart_id: &'a str,
    codes: &'a [String],
}

impl Perform for SetCodes<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        if let Err(errors) = open_cart(transaction, self.caller, self.cart_id).await? {
            return Ok(Err(errors));
        }
        let mut codes: Vec<String> = Vec::with_capacity(self.codes.len());
        for (index, code) in self.codes.iter().map(|code| code.trim()).enumerate() {
            if !is_code(code) {
                let message = format!("`{code}` is no code of a promotion");
                let path = ["codes", &index.to_string()];
                return Ok(Err(vec![UserError::at(&path, ErrorCode::InvalidInput, message)]));
            }
            let code = code.to_uppercase();
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        carts::write_codes(transaction, self.cart_id, &codes, now::read(transaction).await?).await?;
        Ok(Ok(self.cart_id.to_owned()))
    }
}

/// Locks a cart of the caller that can still be changed.
async fn open_cart(
    transaction: &DatabaseTransaction,
    caller: &Caller,
    id: &str,
) -> Result<Answer<CartRows>, StoreError> {
    let found = carts::lock(transaction, id).await?;
    let Some(rows) = found.filter(|rows| may_use(caller, &rows.cart)) else {
        return Ok(Err(no_cart(id)));
    };
    if rows.cart.status != OPEN {
        let message = "the cart has been ordered";
        return Ok(Err(vec![UserError::at(&["cartId"], ErrorCode::CartNotOpen, message)]));
    }
    Ok(Ok(rows))
}

/// The pieces by variant that the named lines are to have, or why not.
async fn wanted(
    transaction: &DatabaseTransaction,
    rows: &CartRows,
    lines: &[CartLine],
    edit: Edit,
) -> Result<Answer<Vec<(String, i32)>>, StoreError> {
    let channel = rows.cart.channel.as_str();
    let named = variants_by_sku(transaction, channel, lines).await?;
    let mut errors = Vec::new();
    let mut wanted: Vec<(String, i32)> = Vec::new();
    for (index, CartLine { sku, quantity }) in lines.iter().enumerate() {
        let at =
            |member: &str, code, message: String| UserError::at(&["lines", &index.to_string(), member], code, message);
        let Some(Named { variant_id, is_hidden, .. }) = named.iter().find(|named| named.sku == *sku) else {
            errors.push(at("sku", ErrorCode::UnknownSku, format!("there is no SKU `{sku}`")));
            continue;
        };
        if *is_hidden && *quantity > 0 {
            let message = format!("channel `{channel}` does not show `{sku}` at this time");
            errors.push(at("sku", ErrorCode::NotPublished, message));
            continue;
        }
        let here = rows.lines.iter().find(|line| line.variant_id == *variant_id).map_or(0, |line| line.quantity);
        let known = wanted.iter_mut().find(|(id, _)| id == variant_id);
        let before = if edit == Edit::Set { 0 } else { known.as_ref().map_or(here, |(_, quantity)| *quantity) };
        let least = if edit == Edit::Set { 0 } else { 1 };
        let sum = before.saturating_add(*quantity);
        if *quantity < least || sum > CART_QUANTITY_MAX {
            let message = format!("{quantity} pieces cannot be put there, {least} to {CART_QUANTITY_MAX} are possible");
            errors.push(at("quantity", ErrorCode::InvalidQuantity, message));
            continue;
        }
        match known {
            Some((_, quantity)) => *quantity = sum,
            None => wanted.push((variant_id.clone(), sum)),
        }
    }
    let fresh = |(id, quantity): &&(String, i32)| *quantity > 0 && rows.lines.iter().all(|line| line.variant_id != *id);
    let count = rows.lines.len() + wanted.iter().filter(fresh).count();
    if count > CART_LINES_MAX {
        let message = format!("the cart would have {count} lines, {CART_LINES_MAX} are possible");
        errors.push(UserError::at(&["lines"], ErrorCode::TooManyLines, message));
    }
    Ok(if errors.is_empty() { Ok(wanted) } else { Err(errors) })
}

/// A variant that a line names.
struct Named {
    sku: String,
    variant_id: String,
    /// Whether the channel of the cart does not show it at this moment.
    is_hidden: bool,
}

/// The variants of the lines whose product is no draft.
async fn variants_by_sku(
    transaction: &DatabaseTransaction,
    channel: &str,
    lines: &[CartLine],
) -> Result<Vec<Named>, StoreError> {
    let of_product =
        variant::Entity::belongs_to(product::Entity).from(variant::Column::ProductId).to(product::Column::Id).into();
    let rows: Vec<(String, String, String)> = variant::Entity::find()
        .select_only()
        .columns([variant::Column::Sku, variant::Column::Id, variant::Column::ProductId])
        .join(sea_orm::JoinType::InnerJoin, of_product)
        .filter(product::Column::Status.eq(STATUS_SHOWN))
        .filter(variant::Column::Sku.is_in(lines.iter().map(|line| line.sku.as_str())))
        .into_tuple()
        .all(transaction)
        .await?;
    let product_ids: Vec<String> = rows.iter().map(|(_, _, product_id)| product_id.clone()).collect();
    let hidden = publications::unpublished(transaction, (Subject::Product, channel), &product_ids).await?;
    let named = |(sku, variant_id, product_id): (String, String, String)| {
        let is_hidden = hidden.contains(&product_id);
        Named { sku, variant_id, is_hidden }
    };
    Ok(rows.into_iter().map(named).collect())
}
