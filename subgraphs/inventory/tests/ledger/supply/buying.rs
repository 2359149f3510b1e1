//! From a draft to goods in the shelf, and every way off that path.

use selvedge_inventory::{
    command::{
        AdjustQuantities, AdjustmentReason,
        supply::{PurchaseUpdate, ReceiveInbound, Received, ShipmentLine, ShipmentUpdate},
    },
    domain::{Change, ErrorCode, QuantityName, Target, supply::PurchaseAction, supply::ShipmentAction},
    store::{Discrepancy, verify},
};

use super::yard::{bought, codes, day, part_of, supplier};
use crate::warehouse::{FAR, NEAR, Warehouse, new_key, staff};

on_each_engine!(
    suppliers_are_made_changed_and_archived,
    what_is_ordered_is_incoming_and_what_comes_is_on_hand,
    what_a_shipment_does_not_bring_is_ordered_still,
    what_is_given_up_is_not_incoming,
    what_cannot_be_is_refused_with_the_reason,
    a_command_is_done_once,
    staff_and_imports_leave_what_shipments_bring,
    the_proof_sees_lines_that_bring_something_else,
    goods_of_a_purchase_order_come_without_a_shipment,
);

async fn suppliers_are_made_changed_and_archived(warehouse: Warehouse) {
    let commands = &warehouse.commands;
    let id = commands.create_supplier(&staff(), &supplier("MILL"), &new_key()).await.unwrap().unwrap();
    let taken = commands.create_supplier(&staff(), &supplier("MILL"), &new_key()).await.unwrap().unwrap_err();
    assert_eq!(taken[0].code, ErrorCode::NameTaken);
    let mut draft = supplier("MILL-2");
    commands.update_supplier(&staff(), (&id, Some(1)), &draft, &new_key()).await.unwrap().unwrap();
    let stale = commands.update_supplier(&staff(), (&id, Some(1)), &draft, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(stale[0].code, ErrorCode::VersionConflict);
    (draft.name, draft.currency, draft.lead_time_days) = (String::new(), "euro".to_owned(), -1);
    let refused = commands.update_supplier(&staff(), (&id, None), &draft, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(codes(&refused), ["INVALID_INPUT"; 3]);
    commands.archive_supplier(&staff(), (&id, true), &new_key()).await.unwrap().unwrap();
    let draft = selvedge_inventory::command::supply::PurchaseDraft {
        number: None,
        supplier_id: id,
        currency: None,
        expected_at: None,
        note: None,
        lines: bought(&[("SKU-0", NEAR, 1)]),
    };
    let archived = commands.create_purchase_order(&staff(), &draft, &new_key()).await.unwrap().unwrap_err();
    assert!(archived[0].message.contains("archived"), "{archived:?}");
}

async fn what_is_ordered_is_incoming_and_what_comes_is_on_hand(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    let id = warehouse.a_draft(&[("SKU-0", NEAR, 10), ("SKU-1", FAR, 4)]).await;
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 0, "a draft brings nothing");
    warehouse.advance_purchase(&id, PurchaseAction::Order).await.unwrap();
    assert_eq!((warehouse.level("SKU-0", NEAR).await.incoming, warehouse.level("SKU-1", FAR).await.incoming), (10, 4));
    warehouse.assert_verified().await;

    let draft = part_of(Some(&id), day(7));
    let shipment = warehouse.commands.create_inbound_shipment(&staff(), &draft, &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 10, "sent is as incoming as ordered");
    let lines = warehouse.inbound_of_shipment(&shipment).await;
    let pending = warehouse.receive(&shipment, &lines[0].id, (1, 0, 0)).await.unwrap_err();
    assert!(pending[0].message.contains("PENDING"), "{pending:?}");
    warehouse.advance_shipment(&shipment, ShipmentAction::Depart).await.unwrap();
    warehouse.receive(&shipment, &lines[0].id, (5, 1, 2)).await.unwrap();
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.incoming, level.on_hand, level.damaged), (2, 3 + 5 + 2, 2));
    assert_eq!(warehouse.badge("SKU-0").await.available, 8);
    assert_eq!(warehouse.purchase(&id).await.status, "PARTIALLY_RECEIVED");
    assert_eq!(warehouse.shipment(&shipment).await.status, "ARRIVED");
    let too_many = warehouse.receive(&shipment, &lines[0].id, (3, 0, 0)).await.unwrap_err();
    assert!(too_many[0].message.contains("2 are still to come"), "{too_many:?}");

    warehouse.receive(&shipment, &lines[0].id, (2, 0, 0)).await.unwrap();
    warehouse.receive(&shipment, &lines[1].id, (4, 0, 0)).await.unwrap();
    assert_eq!(warehouse.purchase(&id).await.status, "RECEIVED");
    assert_eq!(warehouse.shipment(&shipment).await.status, "CLOSED");
    assert_eq!(warehouse.level("SKU-1", FAR).await.incoming, 0);
    let kinds: Vec<String> = warehouse.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "INBOUND_RECEIVED").count(), 3, "{kinds:?}");
    warehouse.assert_verified().await;
}

async fn what_a_shipment_does_not_bring_is_ordered_still(warehouse: Warehouse) {
    let id = warehouse.a_draft(&[("SKU-0", NEAR, 10)]).await;
    warehouse.advance_purchase(&id, PurchaseAction::Order).await.unwrap();
    let line = warehouse.inbound_of_purchase(&id).await[0].purchase_order_line_id.clone().unwrap();
    let draft = |quantity| selvedge_inventory::command::supply::ShipmentDraft {
        lines: vec![ShipmentLine::Ordered(line.clone(), quantity)],
        ..part_of(Some(&id), day(7))
    };
    let send = async |quantity| {
        warehouse.commands.create_inbound_shipment(&staff(), &draft(quantity), &new_key()).await.unwrap()
    };
    let refused = send(11).await.unwrap_err();
    assert!(refused[0].message.contains("10 are ordered and not sent"), "{refused:?}");
    let first = send(6).await.unwrap();
    let second = send(4).await.unwrap();
    assert_eq!(send(1).await.unwrap_err()[0].code, ErrorCode::InvalidQuantity);
    warehouse.advance_shipment(&second, ShipmentAction::Cancel).await.unwrap();
    // The first one brings two less than was said, then closes with one missing.
    let sent = warehouse.inbound_of_shipment(&first).await.remove(0);
    warehouse.commands.resize_inbound_line(&staff(), (&sent.id, 4), &new_key()).await.unwrap().unwrap();
    let more = warehouse.commands.resize_inbound_line(&staff(), (&sent.id, 11), &new_key()).await.unwrap();
    assert_eq!(more.unwrap_err()[0].code, ErrorCode::InvalidQuantity);
    warehouse.advance_shipment(&first, ShipmentAction::Arrive).await.unwrap();
    warehouse.receive(&first, &sent.id, (3, 0, 0)).await.unwrap();
    warehouse.advance_shipment(&first, ShipmentAction::Close).await.unwrap();
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.incoming), (3, 7), "what did not come is still ordered");
    warehouse.assert_verified().await;

    warehouse.advance_purchase(&id, PurchaseAction::Close).await.unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 0);
    assert_eq!(warehouse.purchase(&id).await.status, "RECEIVED");
    warehouse.assert_verified().await;
}

async fn what_is_given_up_is_not_incoming(warehouse: Warehouse) {
    let id = warehouse.a_draft(&[("SKU-0", NEAR, 10)]).await;
    warehouse.advance_purchase(&id, PurchaseAction::Order).await.unwrap();
    let draft = part_of(Some(&id), day(7));
    let shipment = warehouse.commands.create_inbound_shipment(&staff(), &draft, &new_key()).await.unwrap().unwrap();
    warehouse.advance_purchase(&id, PurchaseAction::Cancel).await.unwrap();
    assert_eq!(warehouse.purchase(&id).await.status, "CANCELLED");
    assert_eq!(warehouse.shipment(&shipment).await.status, "CANCELLED");
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 0);

    let (other, line) = warehouse.inbound("SKU-0", 5, day(1)).await;
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 5);
    warehouse.commands.resize_inbound_line(&staff(), (&line, 8), &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 8);
    warehouse.commands.resize_inbound_line(&staff(), (&line, 2), &new_key()).await.unwrap().unwrap();
    warehouse.advance_shipment(&other, ShipmentAction::Cancel).await.unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 0);
    warehouse.assert_verified().await;
}

async fn what_cannot_be_is_refused_with_the_reason(warehouse: Warehouse) {
    let commands = &warehouse.commands;
    let id = warehouse.a_draft(&[("SKU-0", NEAR, 2)]).await;
    let lines = bought(&[("nothing", NEAR, 0), ("SKU-0", "nowhere", 1)]);
    let update = |lines| PurchaseUpdate { lines: Some(lines), ..PurchaseUpdate::default() };
    let edit =
        async |lines| commands.update_purchase_order(&staff(), (&id, None), &update(lines), &new_key()).await.unwrap();
    assert_eq!(codes(&edit(lines).await.unwrap_err()), ["INVALID_QUANTITY"]);
    let lines = bought(&[("nothing", NEAR, 1), ("SKU-0", "nowhere", 1)]);
    assert_eq!(codes(&edit(lines).await.unwrap_err()), ["UNKNOWN_SKU", "UNKNOWN_LOCATION"]);
    edit(bought(&[("SKU-0", NEAR, 3)])).await.unwrap();
    warehouse.advance_purchase(&id, PurchaseAction::Order).await.unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 3);
    let refused = edit(bought(&[("SKU-0", NEAR, 4)])).await.unwrap_err();
    assert_eq!((refused[0].code, refused[0].message.contains("ORDERED")), (ErrorCode::PurchaseOrderStateInvalid, true));
    let refused = warehouse.advance_purchase(&id, PurchaseAction::Close).await.unwrap_err();
    assert!(refused[0].message.contains("cancel it"), "{refused:?}");
    let unknown = warehouse.advance_shipment("none", ShipmentAction::Depart).await.unwrap_err();
    assert_eq!(unknown[0].code, ErrorCode::ShipmentNotFound);
    let (shipment, line) = warehouse.inbound("SKU-1", 2, day(1)).await;
    let again = warehouse.advance_shipment(&shipment, ShipmentAction::Depart).await.unwrap_err();
    assert_eq!(again[0].code, ErrorCode::ShipmentStateInvalid);
    assert_eq!(warehouse.receive(&shipment, "none", (1, 0, 0)).await.unwrap_err()[0].code, ErrorCode::LineNotFound);
    warehouse.receive(&shipment, &line, (2, 0, 0)).await.unwrap();
    let update = ShipmentUpdate { expected_at: Some(day(9)), ..ShipmentUpdate::default() };
    let closed = commands.update_inbound_shipment(&staff(), (&shipment, None), &update, &new_key()).await.unwrap();
    assert!(closed.unwrap_err()[0].message.contains("CLOSED"));
    // More than can be counted.
    let lines: Vec<_> = (0..250).map(|_| ("SKU-2", NEAR, 1_000_000)).collect();
    for number in 0..9 {
        let id = warehouse.a_draft(&lines).await;
        let ordered = warehouse.advance_purchase(&id, PurchaseAction::Order).await;
        assert_eq!(ordered.is_ok(), number < 8, "{ordered:?}");
    }
    warehouse.assert_verified().await;
}

async fn a_command_is_done_once(warehouse: Warehouse) {
    let id = warehouse.a_draft(&[("SKU-0", NEAR, 5)]).await;
    let (key, staff) = (new_key(), staff());
    let order =
        async || warehouse.commands.move_purchase_order(&staff, (&id, PurchaseAction::Order), &key).await.unwrap();
    let (first, second) = tokio::join!(order(), order());
    assert_eq!((first.unwrap(), second.unwrap()), (id.clone(), id.clone()));
    assert_eq!(warehouse.level("SKU-0", NEAR).await.incoming, 5);
    let (shipment, line) = warehouse.inbound("SKU-1", 4, day(1)).await;
    let input = ReceiveInbound {
        shipment_id: Some(shipment),
        purchase_order_id: None,
        reference: Some("delivery note 7".to_owned()),
        lines: vec![Received { line_id: line, accepted: 2, rejected: 0, damaged: 0 }],
    };
    let key = new_key();
    let receive = async || warehouse.commands.receive_inbound(&staff, &input, &key).await.unwrap().unwrap();
    let (first, second) = tokio::join!(receive(), receive());
    assert_eq!(first, second);
    let level = warehouse.level("SKU-1", NEAR).await;
    assert_eq!((level.on_hand, level.incoming), (2, 2));
    warehouse.assert_verified().await;
}

async fn staff_and_imports_leave_what_shipments_bring(warehouse: Warehouse) {
    warehouse.inbound("SKU-0", 5, day(1)).await;
    let adjust = async |delta| {
        let change = Change { sku: "SKU-0".to_owned(), location_id: NEAR.to_owned(), delta, ..Change::default() };
        let input = AdjustQuantities {
            name: QuantityName::Incoming,
            reason: AdjustmentReason::Correction,
            reference: None,
            changes: vec![change],
        };
        warehouse.commands.adjust(&staff(), &input, &new_key()).await.unwrap()
    };
    adjust(3).await.unwrap();
    let refused = adjust(-4).await.unwrap_err();
    assert!(refused[0].message.contains("only 3 pieces of `SKU-0` are incoming beside"), "{refused:?}");
    adjust(-3).await.unwrap();
    let target =
        Target { sku: "SKU-0".to_owned(), location_id: NEAR.to_owned(), on_hand: 7, safety_stock: 0, incoming: 0 };
    warehouse.commands.load_levels(&staff(), "import", vec![target], |_| ()).await.unwrap();
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.incoming), (7, 5));
    warehouse.assert_verified().await;
}

async fn the_proof_sees_lines_that_bring_something_else(warehouse: Warehouse) {
    warehouse.inbound("SKU-0", 5, day(1)).await;
    let beyond = warehouse.sql("UPDATE inbound_line SET promised_quantity = 6").await;
    assert!(beyond.is_err(), "the table refuses what is promised beyond what comes");
    warehouse.sql("UPDATE inbound_line SET quantity = 6, open_quantity = 6").await.unwrap();
    let found = verify(&warehouse.store).await.unwrap().discrepancies;
    assert!(matches!(found[0], Discrepancy::Inbound { incoming: 5, open: 6, .. }), "{found:?}");
}

async fn goods_of_a_purchase_order_come_without_a_shipment(warehouse: Warehouse) {
    let id = warehouse.a_draft(&[("SKU-0", NEAR, 5)]).await;
    warehouse.advance_purchase(&id, PurchaseAction::Order).await.unwrap();
    let line_id = warehouse.inbound_of_purchase(&id).await[0].id.clone();
    let input = ReceiveInbound {
        shipment_id: None,
        purchase_order_id: Some(id.clone()),
        reference: None,
        lines: vec![Received { line_id, accepted: 5, rejected: 0, damaged: 0 }],
    };
    warehouse.commands.receive_inbound(&staff(), &input, &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.purchase(&id).await.status, "RECEIVED");
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.incoming), (5, 0));
    let again = warehouse.commands.receive_inbound(&staff(), &input, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(again[0].code, ErrorCode::PurchaseOrderStateInvalid);
    warehouse.assert_verified().await;
}
