//! How variants sell when their stock does not suffice.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::OnConflict,
};
use serde::Serialize;

use super::{PIECES_MAX, refused};
use crate::{
    command::{
        Answer, Caller, Commands,
        catalog::Refusals,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, StockPolicy, supply::SellTerms},
    entity::{sell_policy, variant},
    store::{
        StoreError,
        ledger::{Note, refresh_badges},
        levels::{Which, load},
        supply::{Owner, SupplyState, settle},
    },
};

/// How one SKU shall sell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetSellPolicy {
    /// The SKU.
    pub sku: String,
    /// `DENY`, `BACKORDER` or `PREORDER`.
    pub policy: &'static str,
    /// Nothing is promised before.
    pub starts_at: Option<DateTime<Utc>>,
    /// Nothing is promised from then on.
    pub ends_at: Option<DateTime<Utc>>,
    /// The most pieces that may wait at once.
    pub limit: Option<i32>,
}

impl SetSellPolicy {
    /// These terms for a SKU.
    #[must_use]
    pub const fn of(sku: String, terms: SellTerms) -> Self {
        let SellTerms { policy, starts_at, ends_at, limit } = terms;
        Self { sku, policy: policy.as_str(), starts_at, ends_at, limit }
    }
}

impl Commands {
    /// Sets how a SKU sells beyond its stock, and gives its variant. What was promised before stays promised.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_sell_policy(
        &self,
        caller: &Caller,
        input: &SetSellPolicy,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let mut refusals = Refusals::default();
        refusals.check_period("", input.starts_at, input.ends_at);
        if input.limit.is_some_and(|limit| !(0..=PIECES_MAX).contains(&limit)) {
            refusals.add("limit", ErrorCode::InvalidQuantity, format!("0 to {PIECES_MAX} are possible"));
        }
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        let command = Write { commands: self, caller, input, key: idempotency_key };
        perform_once(self, ("sell_policy_set", &caller.actor, idempotency_key), input, &command).await
    }
}

struct Write<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    input: &'a SetSellPolicy,
    key: &'a str,
}

impl Perform for Write<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let SetSellPolicy { sku, policy, starts_at, ends_at, limit } = self.input;
        let mut loaded = load(transaction, Which::Skus(std::slice::from_ref(sku)), &[]).await?;
        let Some(variant_id) = loaded.stock.by_sku.get(sku).cloned() else {
            let message = format!("there is no SKU `{sku}`");
            return Ok(Err(refused(&["input", "sku"], ErrorCode::UnknownSku, message)));
        };
        let changed = variant::ActiveModel { stock_policy: Set((*policy).to_owned()), ..Default::default() };
        let own = variant::Column::Id.eq(variant_id.as_str());
        variant::Entity::update_many().set(changed).filter(own).exec(transaction).await?;
        let row = sell_policy::Model {
            variant_id: variant_id.clone(),
            starts_at: *starts_at,
            ends_at: *ends_at,
            promise_limit: *limit,
            updated_at: loaded.now,
        };
        let known = OnConflict::column(sell_policy::Column::VariantId)
            .update_columns([
                sell_policy::Column::StartsAt,
                sell_policy::Column::EndsAt,
                sell_policy::Column::PromiseLimit,
                sell_policy::Column::UpdatedAt,
            ])
            .to_owned();
        let insert = sell_policy::Entity::insert(row.into_active_model().reset_all()).on_conflict(known);
        insert.exec_without_returning(transaction).await?;
        if let Some(stock) = loaded.stock.variants.get_mut(&variant_id) {
            stock.policy = StockPolicy::parse(policy).unwrap_or(stock.policy);
        }
        let ids = [variant_id.clone()];
        let mut supply = SupplyState::load(transaction, &ids, Owner::None).await?;
        let note = Note {
            reason: "sell policy set".to_owned(),
            actor: self.caller.actor.clone(),
            reference: None,
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(self.key.to_owned()),
        };
        settle(transaction, &mut loaded, &mut supply, &note).await?;
        let threshold = self.commands.low_stock_threshold;
        refresh_badges(transaction, &mut loaded, threshold, &note.correlation_id).await?;
        Ok(Ok(variant_id))
    }
}
