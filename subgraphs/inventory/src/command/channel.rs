//! What channels may sell, as merchandisers decide it.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;

use super::{
    Answer, Caller, Commands,
    keyed::{Perform, perform_once},
};
use crate::{
    domain::{Allocation, ErrorCode, UserError},
    entity::{channel, location, variant},
    store::{StoreError, channels, ledger::new_id, now},
};

/// The most locations of a channel, and the most rules of one call.
pub const CHANNEL_RULES_MAX: usize = 1_000;

/// A channel as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetChannel {
    /// Unique short name; lower-case letters, digits and hyphens, at most 50.
    pub code: String,
    /// Name, 1 to 200 characters.
    pub name: String,
    /// Whether it sells.
    pub active: bool,
    /// Pieces of each variant that it does not offer.
    pub safety_stock: i32,
    /// Where it sells from, first to be taken from in front; empty for everywhere.
    pub location_ids: Vec<String>,
}

/// Rules about how much of what there is a channel may offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetAllocations {
    /// The channel.
    pub channel: String,
    /// 1 to [`CHANNEL_RULES_MAX`].
    pub allocations: Vec<AllocationRule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AllocationRule {
    /// The SKU; `None` for all that have no rule of their own.
    pub sku: Option<String>,
    /// Percent of what there is, 0 to 100.
    pub share_percent: Option<i32>,
    /// Pieces at a time. Neither it nor a share takes the rule away.
    pub limit: Option<i32>,
}

impl Commands {
    /// Makes a channel, or changes the one with this code.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_channel(
        &self,
        caller: &Caller,
        input: &SetChannel,
        idempotency_key: &str,
    ) -> Result<Answer<channel::Model>, StoreError> {
        let errors = input.errors();
        if !errors.is_empty() {
            return Ok(Err(errors));
        }
        perform_once(self, ("set channel", &caller.actor, idempotency_key), input, input).await
    }

    /// Sets rules of a channel; those that are not named stay.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_allocations(
        &self,
        caller: &Caller,
        input: &SetAllocations,
        idempotency_key: &str,
    ) -> Result<Answer<channel::Model>, StoreError> {
        if let Err(errors) = input.rules() {
            return Ok(Err(errors));
        }
        perform_once(self, ("set allocations", &caller.actor, idempotency_key), input, input).await
    }
}

fn refused(field: &[&str], message: impl Into<String>) -> UserError {
    UserError::at(field, ErrorCode::InvalidChannelRule, message)
}

impl SetChannel {
    fn errors(&self) -> Vec<UserError> {
        let mut errors = Vec::new();
        let is_sign = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
        if !(1..=50).contains(&self.code.len()) || !self.code.bytes().all(is_sign) {
            let message = format!("`{}` is no code: 1 to 50 lower-case letters, digits and hyphens", self.code);
            errors.push(refused(&["input", "code"], message));
        }
        if !(1..=200).contains(&self.name.chars().count()) {
            errors.push(refused(&["input", "name"], "a name has 1 to 200 characters"));
        }
        if self.safety_stock < 0 {
            errors.push(refused(&["input", "safetyStock"], "safety stock is not below zero"));
        }
        if self.location_ids.len() > CHANNEL_RULES_MAX {
            errors.push(refused(&["input", "locationIds"], format!("at most {CHANNEL_RULES_MAX} are possible")));
        }
        let mut seen = HashSet::new();
        for (index, id) in self.location_ids.iter().enumerate() {
            if !seen.insert(id) {
                let message = format!("location `{id}` is named twice");
                errors.push(refused(&["input", "locationIds", &index.to_string()], message));
            }
        }
        errors
    }
}

impl Perform for SetChannel {
    type Output = channel::Model;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<channel::Model>, StoreError> {
        let known: Vec<String> = location::Entity::find()
            .select_only()
            .column(location::Column::Id)
            .filter(location::Column::Id.is_in(&self.location_ids))
            .into_tuple()
            .all(transaction)
            .await?;
        let unknown: Vec<UserError> = self
            .location_ids
            .iter()
            .enumerate()
            .filter(|(_, id)| !known.contains(id))
            .map(|(index, id)| {
                let field = ["input", "locationIds", &index.to_string()];
                UserError::at(&field, ErrorCode::UnknownLocation, format!("there is no location `{id}`"))
            })
            .collect();
        if !unknown.is_empty() {
            return Ok(Err(unknown));
        }
        let now = now::read(transaction).await?;
        let former = channels::lock(transaction, &self.code).await?;
        let channel = channel::Model {
            id: former.as_ref().map_or_else(new_id, |former| former.id.clone()),
            code: self.code.clone(),
            name: self.name.clone(),
            active: self.active,
            safety_stock: self.safety_stock,
            revision: former.as_ref().map_or(0, |former| former.revision) + 1,
            created_at: former.map_or(now, |former| former.created_at),
            updated_at: now,
        };
        channels::write(transaction, &channel).await?;
        channels::write_locations(transaction, &channel.id, &self.location_ids).await?;
        Ok(Ok(channel))
    }
}

/// By SKU; without one for all that have no rule of their own, and without an allocation to take the rule away.
type Rules<'a> = Vec<(Option<&'a str>, Option<Allocation>)>;

impl SetAllocations {
    fn rules(&self) -> Answer<Rules<'_>> {
        let count = self.allocations.len();
        if !(1..=CHANNEL_RULES_MAX).contains(&count) {
            let message = format!("{count} rules were given, 1 to {CHANNEL_RULES_MAX} are possible");
            return Err(vec![UserError::at(&["input", "allocations"], ErrorCode::TooManyLines, message)]);
        }
        let mut rules: Rules<'_> = Vec::with_capacity(count);
        let mut errors = Vec::new();
        for (index, rule) in self.allocations.iter().enumerate() {
            let index = index.to_string();
            let sku = rule.sku.as_deref();
            if rules.iter().any(|(known, _)| *known == sku) {
                errors.push(refused(&["input", "allocations", &index, "sku"], "it has a rule in this call already"));
            }
            match rule.allocation() {
                Ok(allocation) => rules.push((sku, allocation)),
                Err((member, message)) => errors.push(refused(&["input", "allocations", &index, member], message)),
            }
        }
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }
}

impl AllocationRule {
    fn allocation(&self) -> Result<Option<Allocation>, (&'static str, String)> {
        match (self.share_percent, self.limit) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(("limit", "give a share or a limit, not both".to_owned())),
            (None, Some(limit)) if limit < 0 => Err(("limit", format!("{limit} pieces are no limit"))),
            (None, Some(limit)) => Ok(Some(Allocation::Limit(limit))),
            (Some(percent), None) => match u8::try_from(percent) {
                Ok(percent @ 0..=100) => Ok(Some(Allocation::Share(percent))),
                _ => Err(("sharePercent", format!("{percent} is no share, 0 to 100 percent are possible"))),
            },
        }
    }
}

impl Perform for SetAllocations {
    type Output = channel::Model;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<channel::Model>, StoreError> {
        let rules = match self.rules() {
            Ok(rules) => rules,
            Err(errors) => return Ok(Err(errors)),
        };
        let Some(former) = channels::lock(transaction, &self.channel).await? else {
            let message = format!("there is no channel `{}`", self.channel);
            return Ok(Err(vec![UserError::at(&["input", "channel"], ErrorCode::UnknownChannel, message)]));
        };
        let skus: Vec<&str> = rules.iter().filter_map(|(sku, _)| *sku).collect();
        let ids: HashMap<String, String> = variant::Entity::find()
            .select_only()
            .columns([variant::Column::Sku, variant::Column::Id])
            .filter(variant::Column::Sku.is_in(skus))
            .into_tuple::<(String, String)>()
            .all(transaction)
            .await?
            .into_iter()
            .collect();
        let mut allocations = Vec::with_capacity(rules.len());
        let mut unknown = Vec::new();
        for (index, (sku, allocation)) in rules.into_iter().enumerate() {
            match sku.map(|sku| ids.get(sku).cloned().ok_or(sku)).transpose() {
                Ok(variant_id) => allocations.push((variant_id, allocation)),
                Err(sku) => {
                    let field = ["input", "allocations", &index.to_string(), "sku"];
                    let message = format!("there is no SKU `{sku}`");
                    unknown.push(UserError::at(&field, ErrorCode::UnknownSku, message));
                }
            }
        }
        if !unknown.is_empty() {
            return Ok(Err(unknown));
        }
        channels::write_allocations(transaction, &former.id, &allocations).await?;
        let updated_at = now::read(transaction).await?;
        let channel = channel::Model { revision: former.revision + 1, updated_at, ..former };
        channels::write(transaction, &channel).await?;
        Ok(Ok(channel))
    }
}
