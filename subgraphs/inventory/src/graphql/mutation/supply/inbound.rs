//! Inbound shipments, and what comes.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    command::{
        Answer, Caller,
        supply::{ReceiveInbound, Received, ShipmentDraft, ShipmentLine, ShipmentUpdate},
    },
    domain::supply::ShipmentAction,
    graphql::{
        access,
        error::bad_user_input,
        limits,
        loaders::{InboundLineById, InboundOfShipment, ShipmentById, loaders},
        mutation::{
            changed::tell_variants,
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::{InboundLine, InboundShipment},
    },
};

#[derive(InputObject)]
pub(crate) struct InboundShipmentCreateInput {
    /// The purchase order that it is a part of.
    purchase_order_id: Option<ID>,
    /// Who sends it; that of the purchase order if there is one.
    supplier_id: Option<ID>,
    /// At most 100 characters, as carrier and trackingNumber.
    reference: Option<String>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    expected_at: DateTime<Utc>,
    /// At most 250. Of a purchase order, none stands for everything that is not sent.
    #[graphql(default)]
    lines: Vec<InboundShipmentLineInput>,
}

#[derive(InputObject)]
pub(crate) struct InboundShipmentLineInput {
    /// The line of the purchase order; or else
    purchase_order_line_id: Option<ID>,
    /// the SKU, and
    sku: Option<String>,
    /// where it goes.
    location_id: Option<ID>,
    /// 1 to 1000000.
    quantity: i32,
}

/// What is absent stays.
#[derive(InputObject)]
pub(crate) struct InboundShipmentUpdateInput {
    /// What was promised of it moves.
    expected_at: Option<DateTime<Utc>>,
    reference: Option<String>,
    carrier: Option<String>,
    tracking_number: Option<String>,
}

/// What becomes of a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum InboundShipmentAction {
    /// It leaves.
    Depart,
    /// It comes.
    Arrive,
    /// Nothing more of it is taken in.
    Close,
    /// It will not come.
    Cancel,
}

impl From<InboundShipmentAction> for ShipmentAction {
    fn from(action: InboundShipmentAction) -> Self {
        match action {
            InboundShipmentAction::Depart => Self::Depart,
            InboundShipmentAction::Arrive => Self::Arrive,
            InboundShipmentAction::Close => Self::Close,
            InboundShipmentAction::Cancel => Self::Cancel,
        }
    }
}

#[derive(InputObject)]
pub(crate) struct InboundReceiveInput {
    /// The shipment; or else
    shipment_id: Option<ID>,
    /// the purchase order, when these pieces were never said to be sent.
    purchase_order_id: Option<ID>,
    /// At most 100 characters.
    reference: Option<String>,
    /// 1 to 250.
    lines: Vec<InboundReceiveLineInput>,
}

#[derive(InputObject)]
pub(crate) struct InboundReceiveLineInput {
    /// The inbound line.
    line_id: ID,
    /// Pieces fit for sale.
    #[graphql(default)]
    accepted: i32,
    /// Pieces that go back.
    #[graphql(default)]
    rejected: i32,
    /// Pieces that are kept, and not fit for sale.
    #[graphql(default)]
    damaged: i32,
}

#[derive(SimpleObject)]
pub(crate) struct InboundShipmentPayload {
    /// Null when it was refused.
    shipment: Option<InboundShipment>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct InboundLinesPayload {
    /// The lines that were named, as they are now; none when it was refused.
    lines: Vec<InboundLine>,
    user_errors: Vec<InventoryUserError>,
}

fn storable(texts: &[(&str, Option<&str>)]) -> Result<(), Error> {
    texts.iter().try_for_each(|(name, text)| limits::storable(name, text.unwrap_or_default()).map(drop))
}

fn text(id: &Option<ID>) -> Option<&str> {
    id.as_deref().map(String::as_str)
}

impl InboundShipmentCreateInput {
    fn draft(self) -> Result<ShipmentDraft, Error> {
        storable(&[
            ("purchaseOrderId", text(&self.purchase_order_id)),
            ("supplierId", text(&self.supplier_id)),
            ("reference", self.reference.as_deref()),
            ("carrier", self.carrier.as_deref()),
            ("trackingNumber", self.tracking_number.as_deref()),
        ])?;
        let line = |line: InboundShipmentLineInput| {
            storable(&[
                ("purchaseOrderLineId", text(&line.purchase_order_line_id)),
                ("sku", line.sku.as_deref()),
                ("locationId", text(&line.location_id)),
            ])?;
            match (line.purchase_order_line_id, line.sku, line.location_id) {
                (Some(id), None, None) => Ok(ShipmentLine::Ordered(id.0, line.quantity)),
                (None, Some(sku), Some(place)) => Ok(ShipmentLine::Other(sku, place.0, line.quantity)),
                _ => Err(bad_user_input("a line has `purchaseOrderLineId`, or `sku` and `locationId`")),
            }
        };
        Ok(ShipmentDraft {
            purchase_order_id: self.purchase_order_id.map(|id| id.0),
            supplier_id: self.supplier_id.map(|id| id.0),
            reference: self.reference,
            carrier: self.carrier,
            tracking_number: self.tracking_number,
            expected_at: self.expected_at,
            lines: self.lines.into_iter().map(line).collect::<Result<_, Error>>()?,
        })
    }
}

impl InboundReceiveInput {
    fn input(self) -> Result<ReceiveInbound, Error> {
        storable(&[
            ("shipmentId", text(&self.shipment_id)),
            ("purchaseOrderId", text(&self.purchase_order_id)),
            ("reference", self.reference.as_deref()),
        ])?;
        let line = |line: InboundReceiveLineInput| {
            limits::storable("lineId", &line.line_id)?;
            let InboundReceiveLineInput { line_id, accepted, rejected, damaged } = line;
            Ok(Received { line_id: line_id.0, accepted, rejected, damaged })
        };
        Ok(ReceiveInbound {
            shipment_id: self.shipment_id.map(|id| id.0),
            purchase_order_id: self.purchase_order_id.map(|id| id.0),
            reference: self.reference,
            lines: self.lines.into_iter().map(line).collect::<Result<_, Error>>()?,
        })
    }
}

async fn shipment_payload(ctx: &Context<'_>, answer: Answer<String>) -> Result<InboundShipmentPayload, Error> {
    match answer {
        Err(errors) => {
            tell_variants(ctx, Vec::new()).await;
            Ok(InboundShipmentPayload { shipment: None, user_errors: user_errors(errors) })
        }
        Ok(id) => {
            let lines = loaders(ctx)?.load_one(InboundOfShipment(id.clone())).await?;
            let variants = lines.iter().flat_map(|lines| lines.iter()).map(|line| line.variant_id.clone());
            tell_variants(ctx, variants.collect()).await;
            let row = loaders(ctx)?.load_one(ShipmentById(id)).await?;
            Ok(InboundShipmentPayload { shipment: row.map(InboundShipment), user_errors: Vec::new() })
        }
    }
}

async fn lines_payload(
    ctx: &Context<'_>,
    line_ids: Vec<String>,
    answer: Answer<String>,
) -> Result<InboundLinesPayload, Error> {
    if let Err(errors) = answer {
        tell_variants(ctx, Vec::new()).await;
        return Ok(InboundLinesPayload { lines: Vec::new(), user_errors: user_errors(errors) });
    }
    let mut rows = loaders(ctx)?.load_many(line_ids.iter().cloned().map(InboundLineById)).await?;
    tell_variants(ctx, rows.values().map(|row| row.variant_id.clone()).collect()).await;
    let lines = line_ids.into_iter().filter_map(|id| rows.remove(&InboundLineById(id)));
    Ok(InboundLinesPayload { lines: lines.map(InboundLine).collect(), user_errors: Vec::new() })
}

#[derive(Default)]
pub(crate) struct InboundMutation;

#[Object(cache_control(no_cache))]
impl InboundMutation {
    /// Announces goods. Pieces of a purchase order are incoming already, others are from now on. Scope
    /// inventory:write.
    async fn inbound_shipment_create(
        &self,
        ctx: &Context<'_>,
        input: InboundShipmentCreateInput,
        idempotency_key: String,
    ) -> Result<InboundShipmentPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inboundShipmentCreate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.create_inbound_shipment(&caller, &input.draft()?, key).await?;
        shipment_payload(ctx, done).await
    }

    /// Scope inventory:write.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn inbound_shipment_update(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "Optimistic guard: its revision as last read.")] expected_revision: Option<i64>,
        input: InboundShipmentUpdateInput,
        idempotency_key: String,
    ) -> Result<InboundShipmentPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inboundShipmentUpdate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let InboundShipmentUpdateInput { expected_at, reference, carrier, tracking_number } = input;
        storable(&[
            ("reference", reference.as_deref()),
            ("carrier", carrier.as_deref()),
            ("trackingNumber", tracking_number.as_deref()),
        ])?;
        let update = ShipmentUpdate { reference, carrier, tracking_number, expected_at };
        let of = (limits::storable("id", &id)?, expected_revision);
        let done = commands(ctx)?.update_inbound_shipment(&caller, of, &update, key).await?;
        shipment_payload(ctx, done).await
    }

    /// Says that it left or came, closes or cancels it. What of a purchase order does not come with it is ordered and not
    /// sent again; other pieces will not come. Scope inventory:write.
    async fn inbound_shipment_advance(
        &self,
        ctx: &Context<'_>,
        id: ID,
        action: InboundShipmentAction,
        idempotency_key: String,
    ) -> Result<InboundShipmentPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inboundShipmentAdvance")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = (limits::storable("id", &id)?, action.into());
        let done = commands(ctx)?.move_inbound_shipment(&caller, of, key).await?;
        shipment_payload(ctx, done).await
    }

    /// Makes the pieces that are still to come of a line `openQuantity`, 0 to 1000000. What a shipment of a purchase order
    /// brings less is ordered and not sent again. Scope inventory:write.
    async fn inbound_line_set(
        &self,
        ctx: &Context<'_>,
        id: ID,
        open_quantity: i32,
        idempotency_key: String,
    ) -> Result<InboundLinesPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inboundLineSet")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = (limits::storable("id", &id)?, open_quantity);
        let done = commands(ctx)?.resize_inbound_line(&caller, of, key).await?;
        lines_payload(ctx, vec![id.0], done).await
    }

    /// Takes goods in, all at once or in parts: they are no longer incoming, and on hand unless they go back. Scope
    /// inventory:write.
    async fn inbound_receive(
        &self,
        ctx: &Context<'_>,
        input: InboundReceiveInput,
        idempotency_key: String,
    ) -> Result<InboundLinesPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inboundReceive")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let input = input.input()?;
        let done = commands(ctx)?.receive_inbound(&caller, &input, key).await?;
        lines_payload(ctx, input.lines.into_iter().map(|line| line.line_id).collect(), done).await
    }
}
