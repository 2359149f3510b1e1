//! Changes of what is bought and on its way, by staff.

mod inbound;
mod policy;
mod purchases;
mod suppliers;

use async_graphql::MergedObject;

use self::{
    inbound::InboundMutation, policy::SellPolicyMutation, purchases::PurchaseMutation, suppliers::SupplierMutation,
};

// An ordinary comment, because the API would show it: one part per file.
#[derive(Default, MergedObject)]
pub(crate) struct SupplyMutation(SupplierMutation, PurchaseMutation, InboundMutation, SellPolicyMutation);
