//! Purchase orders.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    command::{
        Answer, Caller,
        supply::{PurchaseDraft, PurchaseLine, PurchaseUpdate},
    },
    domain::supply::PurchaseAction,
    graphql::{
        access, limits,
        loaders::{InboundOfPurchase, PurchaseById, loaders},
        mutation::{
            changed::tell_variants,
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::PurchaseOrder,
    },
};

#[derive(InputObject)]
pub(crate) struct PurchaseOrderCreateInput {
    supplier_id: ID,
    /// Unique, for people, at most 100 characters; made up when absent.
    number: Option<String>,
    /// ISO 4217 code of the costs; that of the supplier when absent.
    currency_code: Option<String>,
    /// When it is expected; after the supplier's lead time when absent.
    expected_at: Option<DateTime<Utc>>,
    /// At most 500 characters.
    note: Option<String>,
    /// 1 to 250.
    lines: Vec<PurchaseOrderLineInput>,
}

#[derive(InputObject)]
pub(crate) struct PurchaseOrderLineInput {
    sku: String,
    /// Where they go.
    location_id: ID,
    /// 1 to 1000000.
    quantity: i32,
    /// Cost of one in minor units.
    unit_cost: i32,
}

/// What is absent stays.
#[derive(InputObject)]
pub(crate) struct PurchaseOrderUpdateInput {
    /// When what is not sent is expected. What was promised of it moves.
    expected_at: Option<DateTime<Utc>>,
    note: Option<String>,
    /// All lines; of a draft alone.
    lines: Option<Vec<PurchaseOrderLineInput>>,
}

/// What becomes of a purchase order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PurchaseOrderAction {
    /// It is given to the supplier: its pieces are incoming.
    Order,
    /// All of it is given up, before anything came.
    Cancel,
    /// What has not come is given up.
    Close,
}

impl From<PurchaseOrderAction> for PurchaseAction {
    fn from(action: PurchaseOrderAction) -> Self {
        match action {
            PurchaseOrderAction::Order => Self::Order,
            PurchaseOrderAction::Cancel => Self::Cancel,
            PurchaseOrderAction::Close => Self::Close,
        }
    }
}

fn checked_lines(lines: Vec<PurchaseOrderLineInput>) -> Result<Vec<PurchaseLine>, Error> {
    let line = |line: PurchaseOrderLineInput| {
        limits::storable("sku", &line.sku)?;
        limits::storable("locationId", &line.location_id)?;
        Ok(PurchaseLine {
            sku: line.sku,
            location_id: line.location_id.0,
            quantity: line.quantity,
            unit_cost_minor: line.unit_cost.into(),
        })
    };
    lines.into_iter().map(line).collect()
}

impl PurchaseOrderCreateInput {
    fn draft(self) -> Result<PurchaseDraft, Error> {
        limits::storable("supplierId", &self.supplier_id)?;
        for (name, text) in [("number", &self.number), ("currencyCode", &self.currency_code), ("note", &self.note)] {
            limits::storable(name, text.as_deref().unwrap_or_default())?;
        }
        Ok(PurchaseDraft {
            number: self.number,
            supplier_id: self.supplier_id.0,
            currency: self.currency_code,
            expected_at: self.expected_at,
            note: self.note,
            lines: checked_lines(self.lines)?,
        })
    }
}

impl PurchaseOrderUpdateInput {
    fn update(self) -> Result<PurchaseUpdate, Error> {
        limits::storable("note", self.note.as_deref().unwrap_or_default())?;
        let lines = self.lines.map(checked_lines).transpose()?;
        Ok(PurchaseUpdate { expected_at: self.expected_at, note: self.note, lines })
    }
}

#[derive(SimpleObject)]
pub(crate) struct PurchaseOrderPayload {
    /// Null when it was refused.
    purchase_order: Option<PurchaseOrder>,
    user_errors: Vec<InventoryUserError>,
}

async fn payload(ctx: &Context<'_>, answer: Answer<String>) -> Result<PurchaseOrderPayload, Error> {
    match answer {
        Err(errors) => {
            tell_variants(ctx, Vec::new()).await;
            Ok(PurchaseOrderPayload { purchase_order: None, user_errors: user_errors(errors) })
        }
        Ok(id) => {
            let lines = loaders(ctx)?.load_one(InboundOfPurchase(id.clone())).await?;
            let variants = lines.iter().flat_map(|lines| lines.iter()).map(|line| line.variant_id.clone());
            tell_variants(ctx, variants.collect()).await;
            let row = loaders(ctx)?.load_one(PurchaseById(id)).await?;
            Ok(PurchaseOrderPayload { purchase_order: row.map(PurchaseOrder), user_errors: Vec::new() })
        }
    }
}

#[derive(Default)]
pub(crate) struct PurchaseMutation;

#[Object(cache_control(no_cache))]
impl PurchaseMutation {
    /// Makes a draft. Scope supply:write.
    async fn purchase_order_create(
        &self,
        ctx: &Context<'_>,
        input: PurchaseOrderCreateInput,
        idempotency_key: String,
    ) -> Result<PurchaseOrderPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.purchaseOrderCreate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.create_purchase_order(&caller, &input.draft()?, key).await?;
        payload(ctx, done).await
    }

    /// Scope supply:write.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn purchase_order_update(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "Optimistic guard: its revision as last read.")] expected_revision: Option<i64>,
        input: PurchaseOrderUpdateInput,
        idempotency_key: String,
    ) -> Result<PurchaseOrderPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.purchaseOrderUpdate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = (limits::storable("id", &id)?, expected_revision);
        let done = commands(ctx)?.update_purchase_order(&caller, of, &input.update()?, key).await?;
        payload(ctx, done).await
    }

    /// Orders it, or gives it up. Scope supply:write.
    async fn purchase_order_advance(
        &self,
        ctx: &Context<'_>,
        id: ID,
        action: PurchaseOrderAction,
        idempotency_key: String,
    ) -> Result<PurchaseOrderPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.purchaseOrderAdvance")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = (limits::storable("id", &id)?, action.into());
        let done = commands(ctx)?.move_purchase_order(&caller, of, key).await?;
        payload(ctx, done).await
    }
}
