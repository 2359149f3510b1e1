//! Rows of what is bought and on its way. A purchase order is locked before its shipment, that before orders of
//! customers, those before variants; inbound lines are changed under the lock of their variant.

mod lines;
mod proof;
mod purchases;

pub(crate) use lines::{NewLine, Owner, SupplyState, load_inbound, variants_of};
pub(super) use proof::verify_inbound;
pub(crate) use purchases::{
    end_shipments, insert_purchase, insert_shipment, lock_purchase, lock_shipment, lock_supplier, purchase_of_shipment,
    purchase_status, replace_purchase_lines, shipment_status, update_purchase, update_shipment, write_supplier,
};
