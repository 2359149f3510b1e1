//! A cart at the prices of one moment: what its lines cost, and what made them cheaper.

use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};

use crate::{
    command::Answer,
    domain::{ErrorCode, UserError, pricing::Quote},
    entity::{order_line, order_line_discount, variant},
    store::{
        StoreError,
        ledger::new_id,
        orders::carts::{self, CartRows},
        pricing::{QuotedLine, quote_lines},
    },
};

/// A cart at the prices of one moment, all in one currency.
pub(super) struct PricedCart {
    /// ISO 4217 code.
    pub(super) currency: String,
    /// What all lines cost, in minor units.
    pub(super) total_minor: i64,
    lines: Vec<PricedLine>,
}

struct PricedLine {
    variant: variant::Model,
    quantity: i32,
    quoted: QuotedLine,
}

/// Prices a cart that is not empty with the codes that are in it, at this moment; or says why it cannot be bought.
pub(super) async fn price(
    transaction: &DatabaseTransaction,
    rows: &CartRows,
) -> Result<Answer<PricedCart>, StoreError> {
    let wanted: Vec<(&str, i32)> = rows.lines.iter().map(|line| (line.variant_id.as_str(), line.quantity)).collect();
    let quoted = quote_lines(transaction, &wanted, &carts::codes_of(&rows.cart)).await?;
    let ids = wanted.iter().map(|(id, _)| *id);
    let variants = variant::Entity::find().filter(variant::Column::Id.is_in(ids)).all(transaction).await?;
    let mut lines = Vec::with_capacity(wanted.len());
    for ((id, quantity), quoted) in wanted.into_iter().zip(quoted) {
        let variant = variants.iter().find(|variant| variant.id == id);
        let Some((variant, quoted)) = variant.cloned().zip(quoted) else {
            return Ok(Err(refuse(ErrorCode::UnknownSku, "a piece of this cart is no longer sold")));
        };
        lines.push(PricedLine { variant, quantity, quoted });
    }
    let currency = lines.first().map(|line| line.quoted.currency.clone()).unwrap_or_default();
    if lines.iter().any(|line| line.quoted.currency != currency) {
        return Ok(Err(refuse(ErrorCode::CurrencyMismatch, "pieces in several currencies cannot be bought at once")));
    }
    let cost = |line: &PricedLine| line.quoted.quote.unit_price_minor.checked_mul(line.quantity.into());
    let total = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(cost(line)?));
    Ok(match total {
        Some(total_minor) => Ok(PricedCart { currency, total_minor, lines }),
        None => Err(refuse(ErrorCode::InvalidQuantity, "the total is beyond what can be paid")),
    })
}

fn refuse(code: ErrorCode, message: &str) -> Vec<UserError> {
    vec![UserError::at(&["input", "cartId"], code, message)]
}

impl PricedCart {
    /// Writes the lines of an order, with what made each of them cheaper.
    pub(super) async fn write(&self, transaction: &DatabaseTransaction, order_id: &str) -> Result<(), StoreError> {
        let lines: Vec<order_line::Model> =
            (1..).zip(&self.lines).map(|(position, line)| line.row(order_id, position)).collect();
        let discounts: Vec<order_line_discount::ActiveModel> = lines
            .iter()
            .zip(&self.lines)
            .flat_map(|(row, line)| discounts(&row.id, &line.quoted.quote))
            .map(|row| row.into_active_model().reset_all())
            .collect();
        let lines = lines.into_iter().map(|row| row.into_active_model().reset_all());
        order_line::Entity::insert_many(lines).exec_without_returning(transaction).await?;
        for chunk in discounts.chunks(1_000) {
            order_line_discount::Entity::insert_many(chunk.to_vec()).exec_without_returning(transaction).await?;
        }
        Ok(())
    }
}

impl PricedLine {
    fn row(&self, order_id: &str, position: i32) -> order_line::Model {
        order_line::Model {
            id: new_id(),
            order_id: order_id.to_owned(),
            position,
            variant_id: self.variant.id.clone(),
            sku: self.variant.sku.clone(),
            title: self.variant.title.clone(),
            quantity: self.quantity,
            unit_price_minor: self.quoted.quote.unit_price_minor,
            base_price_minor: self.quoted.quote.base_minor,
            fulfilled_quantity: 0,
            cancelled_quantity: 0,
            returned_quantity: 0,
        }
    }
}

/// The steps from the base price to the unit price, in order: together they are the difference.
fn discounts(line_id: &str, quote: &Quote) -> Vec<order_line_discount::Model> {
    let tier = quote.tier.as_ref().map(|tier| order_line_discount::Model {
        line_id: line_id.to_owned(),
        position: 0,
        kind: "TIER".to_owned(),
        promotion_id: None,
        title: None,
        code: None,
        minimum_quantity: Some(tier.minimum_quantity),
        amount_minor: quote.base_minor - tier.unit_price_minor.max(0),
    });
    let promotions = quote.applied.iter().map(|applied| order_line_discount::Model {
        line_id: line_id.to_owned(),
        position: 0,
        kind: "PROMOTION".to_owned(),
        promotion_id: Some(applied.promotion.id.clone()),
        title: Some(applied.promotion.title.clone()),
        code: applied.promotion.code.clone(),
        minimum_quantity: None,
        amount_minor: applied.discount_minor,
    });
    let steps = tier.into_iter().chain(promotions).zip(1..);
    steps.map(|(step, position)| order_line_discount::Model { position, ..step }).collect()
}
