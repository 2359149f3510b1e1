//! A payment provider for development and tests, with durable books of its own.
//!
//! What it does is steered by the token of the way to pay, as with the test cards of real providers:
//!
//! | token | what happens |
//! |---|---|
//! | `tok_succeed` | promised and taken |
//! | `tok_decline`, `tok_insufficient_funds` | refused |
//! | `tok_error_N` | the first N calls fail, and nothing is promised |
//! | `tok_delay_MS` | the answer takes MS ms |
//! | `tok_twice` | promised, and told twice more |
//! | `tok_late_MS` | pending, promised after MS ms, and told then |
//! | `tok_timeout` | promised, but the first call is never answered |
//! | `tok_capture_timeout` | taken, but the call that took it is never answered |
//! | `tok_capture_decline` | promised, and then not to be had |

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{LockType, OnConflict},
};

use super::{Charge, PaymentNotice, PaymentProvider, PaymentState, ProviderError, Refund, RefundState};
use crate::{
    entity::{test_payment, test_refund},
    store::{Store, StoreError, now},
};

/// Longer than anybody waits.
const NEVER: Duration = Duration::from_secs(3_600);

const FAILING: &str = "FAILING";
const AUTHORIZED: &str = "AUTHORIZED";
const CAPTURED: &str = "CAPTURED";
const VOIDED: &str = "VOIDED";
const DECLINED: &str = "DECLINED";

/// The provider for development and tests. Money is not moved.
#[derive(Debug, Clone)]
pub struct TestProvider {
    store: Store,
}

impl TestProvider {
    /// The provider whose books are in `store`. Whoever assembles the parts sees to it that it is for development only.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }
}

/// What a token asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Succeed,
    Decline(&'static str),
    Fail(i32),
    Delay(u64),
    Twice,
    Late(i64),
    Timeout,
    CaptureTimeout,
    CaptureDecline,
}

impl Behaviour {
    fn parse(token: &str) -> Self {
        let number = |prefix: &str| token.strip_prefix(prefix).and_then(|rest| rest.parse::<u32>().ok());
        match token {
            "tok_succeed" => Self::Succeed,
            "tok_insufficient_funds" => Self::Decline("insufficient_funds"),
            "tok_twice" => Self::Twice,
            "tok_timeout" => Self::Timeout,
            "tok_capture_timeout" => Self::CaptureTimeout,
            "tok_capture_decline" => Self::CaptureDecline,
            "tok_decline" => Self::Decline("declined"),
            _ => {
                if let Some(calls) = number("tok_error_") {
                    Self::Fail(i32::try_from(calls).unwrap_or(i32::MAX))
                } else if let Some(delay_ms) = number("tok_delay_") {
                    Self::Delay(delay_ms.into())
                } else if let Some(late_ms) = number("tok_late_") {
                    Self::Late(late_ms.into())
                } else {
                    Self::Decline("unknown_payment_method")
                }
            }
        }
    }
}

#[async_trait]
impl PaymentProvider for TestProvider {
    async fn authorize(&self, charge: &Charge) -> Result<PaymentState, ProviderError> {
        let behaviour = Behaviour::parse(&charge.payment_method);
        if let Behaviour::Delay(delay_ms) = behaviour {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        let (state, calls) = self.promise(charge, behaviour).await.map_err(away)?;
        match behaviour {
            Behaviour::Fail(count) if calls <= count => {
                Err(ProviderError::Unavailable { reason: "status 503".to_owned() })
            }
            Behaviour::Timeout if calls == 1 => {
                tokio::time::sleep(NEVER).await;
                Ok(state)
            }
            _ => Ok(state),
        }
    }

    async fn capture(&self, key: &str) -> Result<PaymentState, ProviderError> {
        let (state, is_first, behaviour) = self.take(key).await.map_err(away)?;
        if is_first && behaviour == Some(Behaviour::CaptureTimeout) {
            tokio::time::sleep(NEVER).await;
        }
        Ok(state)
    }

    async fn void(&self, key: &str) -> Result<PaymentState, ProviderError> {
        self.let_go(key).await.map_err(away)
    }

    async fn refund(&self, refund: &Refund) -> Result<RefundState, ProviderError> {
        self.give_back(refund).await.map_err(away)
    }

    async fn status(&self, key: &str) -> Result<Option<PaymentState>, ProviderError> {
        let look = async {
            let row = test_payment::Entity::find_by_id(key).one(self.store.reader()).await?;
            let now = now::read(self.store.reader()).await?;
            Ok::<_, StoreError>(row.filter(|row| row.state != FAILING).map(|row| state_of(&row, now)))
        };
        look.await.map_err(away)
    }

    async fn notices(&self) -> Result<Vec<PaymentNotice>, ProviderError> {
        self.tell().await.map_err(away)
    }
}

impl TestProvider {
    async fn promise(&self, charge: &Charge, behaviour: Behaviour) -> Result<(PaymentState, i32), StoreError> {
        let transaction = self.store.begin_write().await?;
        let now = now::read(&transaction).await?;
        let late = if let Behaviour::Late(late_ms) = behaviour { late_ms } else { 0 };
        let fresh = test_payment::Model {
            key: charge.key.clone(),
            order_id: charge.order_id.clone(),
            state: FAILING.to_owned(),
            reason: None,
            amount_minor: charge.amount_minor,
            currency: charge.currency.clone(),
            captured_minor: 0,
            calls: 0,
            behaviour: charge.payment_method.clone(),
            settles_at: now + TimeDelta::milliseconds(late),
            notices: match behaviour {
                Behaviour::Twice => 2,
                Behaviour::Late(_) => 1,
                _ => 0,
            },
        };
        insert_once(&transaction, fresh).await?;
        let mut row = lock(&transaction, &charge.key).await?;
        row.calls += 1;
        if row.state == FAILING {
            match behaviour {
                Behaviour::Fail(count) if row.calls <= count => {}
                Behaviour::Decline(reason) => {
                    DECLINED.clone_into(&mut row.state);
                    row.reason = Some(reason.to_owned());
                }
                _ => AUTHORIZED.clone_into(&mut row.state),
            }
        }
        let answer = (state_of(&row, now), row.calls);
        row.into_active_model().reset_all().update(&transaction).await?;
        transaction.commit().await?;
        Ok(answer)
    }

    async fn take(&self, key: &str) -> Result<(PaymentState, bool, Option<Behaviour>), StoreError> {
        let transaction = self.store.begin_write().await?;
        let now = now::read(&transaction).await?;
        let found = test_payment::Entity::find_by_id(key).lock(LockType::Update).one(&transaction).await?;
        let Some(mut row) = found else {
            let unknown = PaymentState::Declined { reason: "unknown_payment".to_owned() };
            return Ok((unknown, false, None));
        };
        let behaviour = Behaviour::parse(&row.behaviour);
        if row.state != AUTHORIZED || row.settles_at > now {
            return Ok((state_of(&row, now), false, Some(behaviour)));
        }
        if behaviour == Behaviour::CaptureDecline {
            return Ok((PaymentState::Declined { reason: "capture_declined".to_owned() }, false, Some(behaviour)));
        }
        CAPTURED.clone_into(&mut row.state);
        row.captured_minor = row.amount_minor;
        row.into_active_model().reset_all().update(&transaction).await?;
        transaction.commit().await?;
        Ok((PaymentState::Captured, true, Some(behaviour)))
    }

    async fn let_go(&self, key: &str) -> Result<PaymentState, StoreError> {
        let transaction = self.store.begin_write().await?;
        let now = now::read(&transaction).await?;
        let tombstone = test_payment::Model {
            key: key.to_owned(),
            order_id: String::new(),
            state: VOIDED.to_owned(),
            reason: None,
            amount_minor: 0,
            currency: String::new(),
            captured_minor: 0,
            calls: 0,
            behaviour: String::new(),
            settles_at: now,
            notices: 0,
        };
        insert_once(&transaction, tombstone).await?;
        let mut row = lock(&transaction, key).await?;
        if row.settles_at <= now && [AUTHORIZED, FAILING].contains(&row.state.as_str()) {
            VOIDED.clone_into(&mut row.state);
        }
        let state = state_of(&row, now);
        row.into_active_model().reset_all().update(&transaction).await?;
        transaction.commit().await?;
        Ok(state)
    }

    async fn give_back(&self, refund: &Refund) -> Result<RefundState, StoreError> {
        let transaction = self.store.begin_write().await?;
        let found = test_payment::Entity::find_by_id(refund.payment_key.as_str())
            .lock(LockType::Update)
            .one(&transaction)
            .await?;
        let captured_minor = found.map_or(0, |row| row.captured_minor);
        let own = test_refund::Column::PaymentKey.eq(refund.payment_key.as_str());
        let others = test_refund::Entity::find().filter(own).all(&transaction).await?;
        if others.iter().any(|other| other.key == refund.key) {
            return Ok(RefundState::Refunded);
        }
        let given_back: i64 = others.iter().map(|other| other.amount_minor).sum();
        if given_back + refund.amount_minor > captured_minor {
            return Ok(RefundState::Declined { reason: "more_than_was_taken".to_owned() });
        }
        let row = test_refund::Model {
            key: refund.key.clone(),
            payment_key: refund.payment_key.clone(),
            amount_minor: refund.amount_minor,
        };
        let row = row.into_active_model().reset_all();
        test_refund::Entity::insert(row).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(RefundState::Refunded)
    }

    async fn tell(&self) -> Result<Vec<PaymentNotice>, StoreError> {
        let reader = self.store.reader();
        let now = now::read(reader).await?;
        let settled = test_payment::Entity::find()
            .filter(test_payment::Column::Notices.gt(0))
            .filter(test_payment::Column::SettlesAt.lte(now))
            .limit(100)
            .all(reader)
            .await?;
        let mut notices = Vec::new();
        for row in settled {
            // Numbered, and the first of them once more under the same number.
            for number in (1..=row.notices).chain([1]) {
                let id = format!("{}:{number}", row.key);
                notices.push(PaymentNotice { id, payment_key: row.key.clone() });
            }
            let told = test_payment::ActiveModel { notices: sea_orm::ActiveValue::Set(0), ..Default::default() };
            let own = test_payment::Column::Key.eq(row.key);
            test_payment::Entity::update_many().set(told).filter(own).exec(self.store.writer()).await?;
        }
        Ok(notices)
    }
}

async fn insert_once(transaction: &DatabaseTransaction, row: test_payment::Model) -> Result<(), StoreError> {
    let known = OnConflict::column(test_payment::Column::Key).do_nothing().to_owned();
    let row = row.into_active_model().reset_all();
    test_payment::Entity::insert_many([row]).on_conflict(known).exec_without_returning(transaction).await?;
    Ok(())
}

async fn lock(transaction: &DatabaseTransaction, key: &str) -> Result<test_payment::Model, StoreError> {
    let found = test_payment::Entity::find_by_id(key).lock(LockType::Update).one(transaction).await?;
    found.ok_or(StoreError::Conflict { what: "test_payment" })
}

fn state_of(row: &test_payment::Model, now: DateTime<Utc>) -> PaymentState {
    if row.settles_at > now {
        return PaymentState::Pending;
    }
    match row.state.as_str() {
        AUTHORIZED => PaymentState::Authorized,
        CAPTURED => PaymentState::Captured,
        VOIDED => PaymentState::Voided,
        DECLINED => PaymentState::Declined { reason: row.reason.clone().unwrap_or_default() },
        _ => PaymentState::Pending,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of map_err")]
fn away(error: StoreError) -> ProviderError {
    ProviderError::Unavailable { reason: error.to_string() }
}
