//! What staff does about alerts.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;

use super::{
    Answer, Caller, Commands,
    keyed::{Perform, perform_once},
};
use crate::{
    domain::{ErrorCode, UserError, alert::AlertSettings},
    entity::{location, stock_alert, stock_alert_threshold, variant},
    store::{StoreError, alerts, ledger::new_id, now},
};

/// The most thresholds of one call.
pub const THRESHOLDS_MAX: usize = 250;
/// No threshold is higher.
pub const THRESHOLD_MAX: i32 = 1_000_000;

/// That somebody took note of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcknowledgeAlert {
    /// The alert.
    pub id: String,
    /// What there is to say about it.
    pub note: Option<String>,
}

/// At how many pieces staff wants to hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetThresholds {
    /// 1 to [`THRESHOLDS_MAX`], each of another place.
    pub thresholds: Vec<ThresholdOf>,
}

/// The threshold of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThresholdOf {
    /// The SKU.
    pub sku: String,
    /// Where; over all locations when absent.
    pub location_id: Option<String>,
    /// At so many pieces or fewer; what the shop has for all when absent.
    pub threshold: Option<i32>,
}

impl Commands {
    /// Takes note of an alert. Whoever does so last is named.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn acknowledge_alert(
        &self,
        caller: &Caller,
        input: &AcknowledgeAlert,
        idempotency_key: &str,
    ) -> Result<Answer<stock_alert::Model>, StoreError> {
        alerts::prepare(&self.store).await?;
        let command = Acknowledge { caller, input };
        perform_once(self, ("acknowledge alert", &caller.actor, idempotency_key), input, &command).await
    }

    /// Sets thresholds, all of them or none, and judges the stock by them at once; gives those that are set then.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_alert_thresholds(
        &self,
        caller: &Caller,
        input: &SetThresholds,
        idempotency_key: &str,
    ) -> Result<Answer<Vec<stock_alert_threshold::Model>>, StoreError> {
        let errors = input.errors();
        if !errors.is_empty() {
            return Ok(Err(errors));
        }
        alerts::prepare(&self.store).await?;
        let command = Set { settings: &self.alerts, caller, input };
        perform_once(self, ("set alert thresholds", &caller.actor, idempotency_key), input, &command).await
    }
}

struct Acknowledge<'a> {
    caller: &'a Caller,
    input: &'a AcknowledgeAlert,
}

impl Perform for Acknowledge<'_> {
    type Output = stock_alert::Model;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        alerts::lock(transaction).await?;
        let by = (self.caller.actor.as_str(), self.input.note.as_deref());
        let Some(change) = alerts::acknowledge(transaction, &self.input.id, by).await? else {
            let message = format!("there is no alert `{}`", self.input.id);
            return Ok(Err(vec![UserError::at(&["id"], ErrorCode::AlertNotFound, message)]));
        };
        if change.row.resolved_at.is_some() {
            let message = "the alert is over already";
            return Ok(Err(vec![UserError::at(&["id"], ErrorCode::AlertResolved, message)]));
        }
        let change = change.ended_if_noted();
        alerts::save(transaction, std::slice::from_ref(&change), &self.caller.correlation_id).await?;
        Ok(Ok(change.row))
    }
}

impl SetThresholds {
    fn errors(&self) -> Vec<UserError> {
        let count = self.thresholds.len();
        if count == 0 || count > THRESHOLDS_MAX {
            let message = format!("{count} thresholds were given, 1 to {THRESHOLDS_MAX} are possible");
            return vec![UserError::at(&["input", "thresholds"], ErrorCode::TooManyLines, message)];
        }
        let mut errors = Vec::new();
        let mut seen = BTreeSet::new();
        for (index, one) in self.thresholds.iter().enumerate() {
            if one.threshold.is_some_and(|threshold| !(0..=THRESHOLD_MAX).contains(&threshold)) {
                let message = format!("a threshold is 0 to {THRESHOLD_MAX}");
                errors.push(refused(index, "threshold", ErrorCode::InvalidInput, message));
            }
            if !seen.insert((&one.sku, &one.location_id)) {
                let message = "this place is given twice".to_owned();
                errors.push(refused(index, "sku", ErrorCode::InvalidInput, message));
            }
        }
        errors
    }
}

fn refused(index: usize, member: &str, code: ErrorCode, message: String) -> UserError {
    UserError::at(&["input", "thresholds", &index.to_string(), member], code, message)
}

struct Set<'a> {
    settings: &'a AlertSettings,
    caller: &'a Caller,
    input: &'a SetThresholds,
}

impl Perform for Set<'_> {
    type Output = Vec<stock_alert_threshold::Model>;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let places = match self.places(transaction).await? {
            Ok(places) => places,
            Err(errors) => return Ok(Err(errors)),
        };
        alerts::lock(transaction).await?;
        let now = now::read(transaction).await?;
        let mut rows = Vec::with_capacity(places.len());
        for ((variant_id, location_id), one) in places.iter().zip(&self.input.thresholds) {
            let row = one.threshold.map(|threshold| stock_alert_threshold::Model {
                variant_id: variant_id.clone(),
                location_id: location_id.clone(),
                threshold,
                updated_by: self.caller.actor.clone(),
                updated_at: now,
            });
            alerts::write_threshold(transaction, (variant_id, location_id), row.as_ref()).await?;
            rows.extend(row);
        }
        let changes = alerts::evaluate(transaction, self.settings, &places.into_iter().collect()).await?;
        alerts::save(transaction, &changes, &new_id()).await?;
        alerts::count(&changes);
        Ok(Ok(rows))
    }
}

impl Set<'_> {
    /// The places that are named, as (variant, location), in order; or which of them are not there.
    async fn places(&self, transaction: &DatabaseTransaction) -> Result<Answer<Vec<(String, String)>>, StoreError> {
        let thresholds = &self.input.thresholds;
        let skus = variant::Column::Sku.is_in(thresholds.iter().map(|one| one.sku.as_str()));
        let variants: Vec<(String, String)> = variant::Entity::find()
            .select_only()
            .columns([variant::Column::Sku, variant::Column::Id])
            .filter(skus)
            .into_tuple()
            .all(transaction)
            .await?;
        let variants: BTreeMap<String, String> = variants.into_iter().collect();
        let named = thresholds.iter().filter_map(|one| one.location_id.as_deref());
        let locations = location::Entity::find().filter(location::Column::Id.is_in(named)).all(transaction).await?;
        let mut places = Vec::with_capacity(thresholds.len());
        let mut errors = Vec::new();
        for (index, one) in thresholds.iter().enumerate() {
            let location_id = one.location_id.as_deref().unwrap_or_default();
            if !location_id.is_empty() && !locations.iter().any(|row| row.id == location_id) {
                let message = format!("there is no location `{location_id}`");
                errors.push(refused(index, "locationId", ErrorCode::UnknownLocation, message));
            }
            match variants.get(&one.sku) {
                Some(id) => places.push((id.clone(), location_id.to_owned())),
                None => {
                    let message = format!("there is no SKU `{}`", one.sku);
                    errors.push(refused(index, "sku", ErrorCode::UnknownSku, message));
                }
            }
        }
        Ok(if errors.is_empty() { Ok(places) } else { Err(errors) })
    }
}
