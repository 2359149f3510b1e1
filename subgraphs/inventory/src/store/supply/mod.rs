//! Rows of what is bought and on its way. A purchase order is locked before its shipment, that before orders of
//! customers, those before variants; inbound lines are changed under the lock of their variant.

mod lines;
mod offers;
mod promises;
mod proof;
mod purchases;
mod settle;

pub(crate) use lines::{NewLine, Owner, SupplyState, lines_of, load_inbound, variants_of};
pub use offers::{Offer, offers};
pub(crate) use promises::{Kept, NewPromise, takes_from};
pub(super) use proof::verify_inbound;
pub(crate) use purchases::{
    end_shipments, insert_purchase, insert_shipment, lock_purchase, lock_shipment, lock_supplier, purchase_of_shipment,
    purchase_status, replace_purchase_lines, shipment_status, update_purchase, update_shipment, write_supplier,
};
pub use settle::PROMISE_MOVED;
pub(crate) use settle::{places, settle, terms};
