//! What staff does with what is bought and on its way: suppliers, purchase orders, shipments, receipts.
//!
//! Every change of an inbound line is an event of its level in the same transaction, so that what is incoming is what the
//! open lines bring and what staff said beside. Whatever changes of what is coming, promises to customers follow it in the
//! same transaction.

mod keep;
mod lines;
mod ordering;
mod policy;
mod purchases;
mod receive;
mod scene;
mod shipments;
mod shipping;
mod suppliers;

pub use policy::SetSellPolicy;
pub use purchases::{PurchaseDraft, PurchaseLine, PurchaseUpdate};
pub use receive::{ReceiveInbound, Received};
pub use shipments::{ShipmentDraft, ShipmentLine, ShipmentUpdate};
pub use suppliers::SupplierDraft;

use crate::{
    command::catalog::Refusals,
    domain::{ErrorCode, UserError},
};

/// The most lines of one purchase order, shipment or receipt.
pub const SUPPLY_LINES_MAX: usize = 250;
/// The most pieces of one line.
pub const PIECES_MAX: i32 = 1_000_000;
/// The longest text in characters.
const TEXT_MAX: usize = 500;
/// The longest code, number or reference in characters.
const CODE_MAX: usize = 100;

fn check_text(refusals: &mut Refusals, path: &str, text: Option<&str>, most: usize) {
    let length = text.unwrap_or_default().chars().count();
    if length > most {
        let message = format!("it has {length} characters, at most {most} are possible");
        refusals.add(path, ErrorCode::InvalidInput, message);
    }
}

fn check_count(refusals: &mut Refusals, count: usize, least: usize) {
    if !(least..=SUPPLY_LINES_MAX).contains(&count) {
        let message = format!("{count} lines were given, {least} to {SUPPLY_LINES_MAX} are possible");
        refusals.add("lines", ErrorCode::TooManyLines, message);
    }
}

fn check_pieces(refusals: &mut Refusals, (index, quantity): (usize, i32)) {
    if !(1..=PIECES_MAX).contains(&quantity) {
        let message = format!("{quantity} pieces were given, 1 to {PIECES_MAX} are possible");
        refusals.add(&format!("lines.{index}.quantity"), ErrorCode::InvalidQuantity, message);
    }
}

fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn refused(field: &[&str], code: ErrorCode, message: impl Into<String>) -> Vec<UserError> {
    vec![UserError::at(field, code, message)]
}

fn no_purchase(id: &str) -> Vec<UserError> {
    refused(&["id"], ErrorCode::PurchaseOrderNotFound, format!("there is no purchase order `{id}`"))
}

fn no_shipment(id: &str) -> Vec<UserError> {
    refused(&["id"], ErrorCode::ShipmentNotFound, format!("there is no inbound shipment `{id}`"))
}

/// That a row is at the revision that the caller had read, if they say which.
fn check_revision(revision: i64, expected: Option<i64>) -> Result<(), Vec<UserError>> {
    match expected {
        Some(expected) if expected != revision => {
            let message = format!("it is at revision {revision}, not {expected}");
            Err(refused(&["expectedRevision"], ErrorCode::VersionConflict, message))
        }
        _ => Ok(()),
    }
}
