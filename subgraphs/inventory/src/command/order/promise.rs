//! Pieces of an order that are not in stock and are promised of what is on its way.

use super::drive::StepRun;
use crate::{
    command::Answer,
    domain::{ChannelRules, ErrorCode, SkuStock, Stock, StockPolicy, UserError, order::ChannelWant, supply::Coming},
    store::{
        StoreError,
        ledger::{Entry, Note, append, refresh_badges},
        levels::LoadedStock,
        orders::OrderRows,
        supply::{self, NewPromise, Owner, SupplyState, takes_from},
    },
};

/// Where the pieces of an order come from.
#[derive(Default)]
pub(super) struct Plan {
    /// What is taken from stock.
    pub(super) from_stock: Vec<ChannelWant>,
    /// What is promised: variant and pieces.
    pub(super) promised: Vec<(String, i32)>,
    /// What is on its way of the variants that sell beyond their stock.
    supply: SupplyState,
}

impl StepRun<'_> {
    /// Divides what is wanted into what is in stock, under the channel's rules, and what can be promised. What can be
    /// neither is left to those who decide about stock, unless the variant sells beyond it.
    pub(super) async fn plan(
        &self,
        stock: &Stock,
        rules: &ChannelRules,
        wants: &[ChannelWant],
    ) -> Result<Answer<Plan>, StoreError> {
        let sells_beyond = |variant: &&SkuStock| variant.is_shown && variant.policy != StockPolicy::Deny;
        let beyond = |want: &ChannelWant| stock.of_sku(&want.sku).filter(sells_beyond);
        let policies: Vec<(String, StockPolicy)> =
            wants.iter().filter_map(beyond).map(|variant| (variant.variant_id.clone(), variant.policy)).collect();
        if policies.is_empty() {
            return Ok(Ok(Plan { from_stock: wants.to_vec(), ..Plan::default() }));
        }
        let ids: Vec<String> = policies.iter().map(|(id, _)| id.clone()).collect();
        let supply = SupplyState::load(self.transaction, &ids, Owner::None).await?;
        let terms = supply::terms(self.transaction, &policies).await?;
        let mut plan = Plan::default();
        let mut errors = Vec::new();
        for (index, want) in wants.iter().enumerate() {
            let Some(variant) = beyond(want) else {
                plan.from_stock.push(want.clone());
                continue;
            };
            let in_stock = self.sellable(stock, rules, variant).clamp(0, want.quantity);
            let missing = want.quantity - in_stock;
            let coming = self.coming(stock, rules, supply.uncommitted(&variant.variant_id));
            let waiting = supply.waiting(&variant.variant_id);
            let room = terms.get(&variant.variant_id).map_or(0, |terms| terms.room(self.now, waiting));
            let promisable = rules.promisable(&variant.variant_id, in_stock, coming).min(room);
            if missing > promisable {
                let message = format!(
                    "{} pieces of `{}` are wanted, {in_stock} are available and {promisable} more can be promised",
                    want.quantity, want.sku
                );
                let index = index.to_string();
                let field = ["input", "lines", &index, "quantity"];
                errors.push(UserError::at(&field, ErrorCode::InsufficientStock, message));
                continue;
            }
            if in_stock > 0 {
                plan.from_stock.push(ChannelWant { quantity: in_stock, ..want.clone() });
            }
            if missing > 0 {
                plan.promised.push((variant.variant_id.clone(), missing));
            }
        }
        plan.supply = supply;
        Ok(if errors.is_empty() { Ok(plan) } else { Err(errors) })
    }

    /// Pieces in stock that the channel may sell to this order.
    fn sellable(&self, stock: &Stock, rules: &ChannelRules, variant: &SkuStock) -> i32 {
        let levels = variant.levels.iter().map(|(location_id, level)| (location_id.as_str(), level));
        let all = rules.available_to_promise(&variant.variant_id, levels, |id| stock.places.get(id).copied());
        match &self.order.order.pickup_location_id {
            None => all,
            Some(pickup) => {
                let sells = stock.places.get(pickup).is_some_and(|place| rules.priority(pickup, place).is_some());
                let there = stock.level(&variant.variant_id, pickup).available();
                if sells { all.min(there) } else { 0 }
            }
        }
    }

    /// Pieces on their way to where this order can be sent from.
    fn coming(&self, stock: &Stock, rules: &ChannelRules, coming: Vec<Coming>) -> i32 {
        let pickup = self.order.order.pickup_location_id.as_deref();
        let mut sum = 0_i32;
        for one in coming {
            let place = stock.places.get(&one.location_id);
            if rules.is_active && takes_from(Some(rules), pickup, (&one.location_id, place)) {
                sum = sum.saturating_add(one.quantity);
            }
        }
        sum
    }

    /// Appends what is held, and promises what the plan says, behind all who wait.
    pub(super) async fn write_sale(
        &self,
        loaded: &mut LoadedStock,
        entries: &[Entry],
        rules: &ChannelRules,
        plan: Plan,
    ) -> Result<(), StoreError> {
        let (note, threshold) = (self.note("order"), self.orders.commands.low_stock_threshold);
        if plan.promised.is_empty() {
            append(self.transaction, loaded, entries, &note, threshold).await?;
            return Ok(());
        }
        self.make_promises(loaded, rules, plan, &note).await?;
        append(self.transaction, loaded, entries, &note, threshold).await?;
        refresh_badges(self.transaction, loaded, threshold, &note.correlation_id).await?;
        Ok(())
    }

    async fn make_promises(
        &self,
        loaded: &mut LoadedStock,
        rules: &ChannelRules,
        mut plan: Plan,
        note: &Note,
    ) -> Result<(), StoreError> {
        for (variant_id, quantity) in &plan.promised {
            let Some(line) = self.order.lines.iter().find(|line| line.variant_id == *variant_id) else { continue };
            let new = NewPromise {
                order_id: &self.order.order.id,
                order_line_id: &line.id,
                variant_id,
                channel: &self.order.order.channel,
                pickup_location_id: self.order.order.pickup_location_id.as_deref(),
                quantity: *quantity,
            };
            plan.supply.promise(&new, rules, self.now);
        }
        supply::settle(self.transaction, loaded, &mut plan.supply, note).await
    }
}

/// Frees what was promised to an order, whose variants are loaded; who waits behind moves up.
pub(super) async fn free_promises(
    transaction: &sea_orm::DatabaseTransaction,
    loaded: &mut LoadedStock,
    order: &OrderRows,
    note: &Note,
) -> Result<(), StoreError> {
    if order.promises.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = order.promises.iter().map(|promise| promise.variant_id.clone()).collect();
    let mut supply = SupplyState::load(transaction, &ids, Owner::None).await?;
    supply.give_up(&order.order.id);
    supply::settle(transaction, loaded, &mut supply, note).await
}
