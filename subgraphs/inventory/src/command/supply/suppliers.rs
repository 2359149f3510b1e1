//! Suppliers.

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::Serialize;

use super::{CODE_MAX, TEXT_MAX, check_revision, check_text, is_currency, refused};
use crate::{
    command::{
        Answer, Caller, Commands,
        catalog::Refusals,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, UserError},
    entity::supplier,
    store::{StoreError, ledger::new_id, now, supply},
};

/// The longest lead time in days.
const LEAD_TIME_MAX: i32 = 3_650;

/// A supplier as staff wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SupplierDraft {
    /// Unique short name: 1 to 100 characters.
    pub code: String,
    /// Name: 1 to 500 characters.
    pub name: String,
    /// Whom to ask for.
    pub contact_name: Option<String>,
    /// Where to write to.
    pub email: Option<String>,
    /// Where to call.
    pub phone: Option<String>,
    /// Days from an order to its arrival: 0 to 3,650.
    pub lead_time_days: i32,
    /// ISO 4217 code.
    pub currency: String,
}

impl Commands {
    /// Makes a supplier and gives its id.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn create_supplier(
        &self,
        caller: &Caller,
        draft: &SupplierDraft,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        if let Err(refused) = check(draft) {
            return Ok(Err(refused));
        }
        let command = Write { id: None, expected_revision: None, change: Change::Draft(draft) };
        perform_once(self, ("supplier_create", &caller.actor, idempotency_key), draft, &command).await
    }

    /// Makes the supplier with this id, at the given revision, what the draft says.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn update_supplier(
        &self,
        caller: &Caller,
        (id, expected_revision): (&str, Option<i64>),
        draft: &SupplierDraft,
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        if let Err(refused) = check(draft) {
            return Ok(Err(refused));
        }
        let command = Write { id: Some(id), expected_revision, change: Change::Draft(draft) };
        let request = (id, expected_revision, draft);
        perform_once(self, ("supplier_update", &caller.actor, idempotency_key), &request, &command).await
    }

    /// Takes a supplier out of use, or back into it. What was bought there stays as it is.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn archive_supplier(
        &self,
        caller: &Caller,
        (id, archived): (&str, bool),
        idempotency_key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let command = Write { id: Some(id), expected_revision: None, change: Change::Archived(archived) };
        perform_once(self, ("supplier_archive", &caller.actor, idempotency_key), &(id, archived), &command).await
    }
}

fn check(draft: &SupplierDraft) -> Answer<()> {
    let mut refusals = Refusals::default();
    for (path, text, most) in [("code", &draft.code, CODE_MAX), ("name", &draft.name, TEXT_MAX)] {
        check_text(&mut refusals, path, Some(text), most);
        if text.trim().is_empty() {
            refusals.add(path, ErrorCode::InvalidInput, "it is empty");
        }
    }
    for (path, text) in [("contactName", &draft.contact_name), ("email", &draft.email), ("phone", &draft.phone)] {
        check_text(&mut refusals, path, text.as_deref(), TEXT_MAX);
    }
    if !(0..=LEAD_TIME_MAX).contains(&draft.lead_time_days) {
        let message = format!("the lead time is {} days, 0 to {LEAD_TIME_MAX} are possible", draft.lead_time_days);
        refusals.add("leadTimeDays", ErrorCode::InvalidInput, message);
    }
    if !is_currency(&draft.currency) {
        refusals.add("currencyCode", ErrorCode::InvalidInput, "a currency is three upper-case letters");
    }
    refusals.or_none()
}

enum Change<'a> {
    Draft(&'a SupplierDraft),
    Archived(bool),
}

struct Write<'a> {
    /// Absent for a new one.
    id: Option<&'a str>,
    expected_revision: Option<i64>,
    change: Change<'a>,
}

impl Perform for Write<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let time = now::read(transaction).await?;
        let mut row = match self.id {
            None => supplier::Model {
                id: new_id(),
                code: String::new(),
                name: String::new(),
                contact_name: None,
                email: None,
                phone: None,
                lead_time_days: 0,
                currency: String::new(),
                archived: false,
                revision: 0,
                created_at: time,
                updated_at: time,
            },
            Some(id) => match supply::lock_supplier(transaction, id).await? {
                Some(row) => row,
                None => return Ok(Err(unknown_supplier(&["id"], id))),
            },
        };
        if let Err(stale) = check_revision(row.revision, self.expected_revision) {
            return Ok(Err(stale));
        }
        match &self.change {
            Change::Archived(archived) => row.archived = *archived,
            Change::Draft(draft) => {
                let other = supplier::Entity::find().filter(supplier::Column::Code.eq(draft.code.as_str()));
                if other.filter(supplier::Column::Id.ne(row.id.as_str())).one(transaction).await?.is_some() {
                    let message = format!("another supplier has the code `{}`", draft.code);
                    return Ok(Err(refused(&["input", "code"], ErrorCode::NameTaken, message)));
                }
                row.code.clone_from(&draft.code);
                row.name.clone_from(&draft.name);
                row.contact_name.clone_from(&draft.contact_name);
                row.email.clone_from(&draft.email);
                row.phone.clone_from(&draft.phone);
                row.lead_time_days = draft.lead_time_days;
                row.currency.clone_from(&draft.currency);
            }
        }
        row.revision += 1;
        row.updated_at = time;
        supply::write_supplier(transaction, &row).await?;
        Ok(Ok(row.id))
    }
}

pub(super) fn unknown_supplier(field: &[&str], id: &str) -> Vec<UserError> {
    refused(field, ErrorCode::UnknownSupplier, format!("there is no supplier `{id}`"))
}
