//! Suppliers.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};

use crate::{
    command::{Answer, Caller, supply::SupplierDraft},
    graphql::{
        access, limits,
        loaders::{SupplierById, loaders},
        mutation::{
            changed::tell_variants,
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::Supplier,
    },
};

#[derive(InputObject)]
pub(crate) struct SupplierInput {
    /// Unique short name: 1 to 100 characters.
    code: String,
    /// 1 to 500 characters.
    name: String,
    contact_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// Days from an order to its arrival: 0 to 3650.
    #[graphql(default)]
    lead_time_days: i32,
    /// ISO 4217.
    currency_code: String,
}

impl SupplierInput {
    fn draft(self) -> Result<SupplierDraft, Error> {
        for (name, text) in [
            ("code", Some(&self.code)),
            ("name", Some(&self.name)),
            ("contactName", self.contact_name.as_ref()),
            ("email", self.email.as_ref()),
            ("phone", self.phone.as_ref()),
            ("currencyCode", Some(&self.currency_code)),
        ] {
            limits::storable(name, text.map_or("", String::as_str))?;
        }
        Ok(SupplierDraft {
            code: self.code,
            name: self.name,
            contact_name: self.contact_name,
            email: self.email,
            phone: self.phone,
            lead_time_days: self.lead_time_days,
            currency: self.currency_code,
        })
    }
}

#[derive(SimpleObject)]
pub(crate) struct SupplierPayload {
    /// Null when it was refused.
    supplier: Option<Supplier>,
    user_errors: Vec<InventoryUserError>,
}

async fn payload(ctx: &Context<'_>, answer: Answer<String>) -> Result<SupplierPayload, Error> {
    tell_variants(ctx, Vec::new()).await;
    match answer {
        Err(errors) => Ok(SupplierPayload { supplier: None, user_errors: user_errors(errors) }),
        Ok(id) => {
            let row = loaders(ctx)?.load_one(SupplierById(id)).await?;
            Ok(SupplierPayload { supplier: row.map(Supplier), user_errors: Vec::new() })
        }
    }
}

#[derive(Default)]
pub(crate) struct SupplierMutation;

#[Object(cache_control(no_cache))]
impl SupplierMutation {
    /// Scope supply:write.
    async fn supplier_create(
        &self,
        ctx: &Context<'_>,
        input: SupplierInput,
        idempotency_key: String,
    ) -> Result<SupplierPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.supplierCreate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.create_supplier(&caller, &input.draft()?, key).await?;
        payload(ctx, done).await
    }

    /// Makes it what the input says, all of it. Scope supply:write.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn supplier_update(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "Optimistic guard: its revision as last read.")] expected_revision: Option<i64>,
        input: SupplierInput,
        idempotency_key: String,
    ) -> Result<SupplierPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.supplierUpdate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = (limits::storable("id", &id)?, expected_revision);
        let done = commands(ctx)?.update_supplier(&caller, of, &input.draft()?, key).await?;
        payload(ctx, done).await
    }

    /// Takes it out of use, or back into it; what was bought there stays as it is. Scope supply:write.
    async fn supplier_archive(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(default = true)] archived: bool,
        idempotency_key: String,
    ) -> Result<SupplierPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.supplierArchive")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = (limits::storable("id", &id)?, archived);
        let done = commands(ctx)?.archive_supplier(&caller, of, key).await?;
        payload(ctx, done).await
    }
}
