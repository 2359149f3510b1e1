//! What may be done, case by case, and conservation whatever is done.

use proptest::prelude::{Just, Strategy, any};

use super::{
    Action, Disposition, FinancialStatus, FulfillmentStatus, Ledger, LineState, OrderChange, OrderState, OrderStatus,
    Outcome, Pick, Piece, Step, TakeBack, decide_order, is_legal,
};
use crate::domain::{ErrorCode, EventKind, Quantities};

fn piece(line: &str, location: &str, quantity: i32) -> Piece {
    Piece {
        line_id: line.to_owned(),
        variant_id: format!("variant-{line}"),
        location_id: location.to_owned(),
        quantity,
    }
}

fn line(id: &str, quantity: i32) -> LineState {
    LineState {
        id: id.to_owned(),
        variant_id: format!("variant-{id}"),
        unit_price_minor: 100,
        quantity,
        fulfilled_quantity: 0,
        cancelled_quantity: 0,
        returned_quantity: 0,
    }
}

/// Five of `a`, three here and two there; two of `b` here.
fn placed() -> OrderState {
    OrderState {
        status: OrderStatus::Placed,
        lines: vec![line("a", 5), line("b", 2)],
        allocations: vec![piece("a", "here", 3), piece("a", "there", 2), piece("b", "here", 2)],
        awaited: Vec::new(),
        ready: Vec::new(),
    }
}

#[test]
fn awaited_pieces_come_or_are_given_up_with_the_rest() {
    let mut order = placed();
    order.lines[1].quantity = 5;
    order.awaited = vec![super::AwaitedPieces { line_id: "b".to_owned(), quantity: 3 }];
    order.keep(&piece("b", "there", 1));
    assert_eq!(order.awaited[0].quantity, 2);
    assert_eq!(order.free_at("b", "there"), 1);
    let given_up = decide_order(&order, &OrderChange::Cancel).unwrap();
    assert_eq!(given_up.state.status, OrderStatus::Cancelled);
    assert_eq!((given_up.owed_minor, given_up.moves.len()), (10 * 100, 4), "what is awaited moves nothing");
    assert!(given_up.state.awaited.is_empty());
    let sent = decide_order(&order, &OrderChange::Fulfill(Vec::new())).unwrap();
    assert_eq!(sent.state.status, OrderStatus::Placed, "the rest is still to come");
    order.allocations.clear();
    assert_eq!(decide_order(&order, &OrderChange::Cancel).unwrap().owed_minor, 2 * 100);
}

fn pick(line: &str, location: Option<&str>, quantity: i32) -> Pick {
    Pick { line_id: line.to_owned(), location_id: location.map(str::to_owned), quantity }
}

fn back(line: &str, quantity: i32, disposition: Disposition) -> TakeBack {
    TakeBack { line_id: line.to_owned(), location_id: "here".to_owned(), quantity, disposition }
}

/// A change of each kind, sensible for an order that is placed and of which something was sent and something is ready.
fn change_of(action: Action) -> OrderChange {
    match action {
        Action::Fulfill => OrderChange::Fulfill(vec![pick("a", Some("there"), 1)]),
        Action::CancelFulfillment => OrderChange::CancelFulfillment(vec![piece("a", "here", 1)]),
        Action::Cancel => OrderChange::Cancel,
        Action::Return => OrderChange::Return(vec![back("a", 1, Disposition::Restock)]),
        Action::Prepare => OrderChange::Prepare("there".to_owned()),
        Action::HandOver => OrderChange::HandOver(vec![piece("b", "here", 2)]),
        Action::Reroute => OrderChange::Reroute(pick("a", Some("there"), 1), "here".to_owned()),
    }
}

#[test]
fn every_action_in_every_state_is_as_the_table_says() {
    use OrderStatus::{Cancelled, Completed, Failed, Pending, Placed};
    let legal: Vec<(OrderStatus, Action)> = OrderStatus::ALL
        .iter()
        .flat_map(|status| Action::ALL.iter().map(move |action| (*status, *action)))
        .filter(|(status, action)| is_legal(*status, *action))
        .collect();
    let mut expected = vec![(Pending, Action::Cancel)];
    expected.extend(Action::ALL.iter().map(|action| (Placed, *action)));
    expected.extend([(Completed, Action::CancelFulfillment), (Completed, Action::Return)]);
    assert_eq!(legal, expected);
    for status in [Pending, Placed, Completed, Cancelled, Failed] {
        for action in Action::ALL {
            let mut order = placed();
            order.allocations[0].quantity = 1;
            order.lines[0].fulfilled_quantity = 2;
            order.ready = vec![piece("b", "here", 2)];
            order.status = status;
            let decided = decide_order(&order, &change_of(*action));
            if is_legal(status, *action) {
                assert!(decided.is_ok(), "{status:?} {action:?}: {decided:?}");
            } else {
                let errors = decided.unwrap_err();
                assert_eq!((errors.len(), errors[0].code), (1, ErrorCode::OrderStateInvalid), "{status:?} {action:?}");
                assert!(errors[0].message.contains(status.as_str()), "{errors:?}");
            }
        }
    }
}

#[test]
fn pieces_are_sent_from_where_they_lie() {
    let changed = decide_order(&placed(), &OrderChange::Fulfill(vec![pick("a", None, 4)])).unwrap();
    assert_eq!(changed.pieces, [piece("a", "here", 3), piece("a", "there", 1)]);
    assert_eq!(changed.state.lines[0].fulfilled_quantity, 4);
    assert_eq!(changed.moves[0].change, Quantities { on_hand: -3, committed: -3, ..Quantities::ZERO });
    let errors = decide_order(&placed(), &OrderChange::Fulfill(vec![pick("a", Some("there"), 3)])).unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::InvalidQuantity);
    let errors = decide_order(&placed(), &OrderChange::Fulfill(vec![pick("x", None, 1)])).unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::LineNotFound);
    let twice = OrderChange::Fulfill(vec![pick("b", None, 2), pick("b", None, 1)]);
    assert!(decide_order(&placed(), &twice).is_err(), "lines of one change see each other");
}

#[test]
fn what_waits_to_be_fetched_is_not_sent_otherwise() {
    let ready = decide_order(&placed(), &OrderChange::Prepare("here".to_owned())).unwrap();
    assert_eq!(ready.moves, []);
    assert!(decide_order(&ready.state, &OrderChange::Prepare("here".to_owned())).is_err());
    assert!(decide_order(&ready.state, &OrderChange::Fulfill(vec![pick("b", None, 1)])).is_err());
    let rest = decide_order(&ready.state, &OrderChange::Fulfill(Vec::new())).unwrap();
    assert_eq!(rest.pieces, [piece("a", "there", 2)]);
    let fetched = decide_order(&rest.state, &OrderChange::HandOver(ready.pieces)).unwrap();
    assert_eq!(fetched.state.status, OrderStatus::Completed);
}

#[test]
fn what_came_back_cannot_be_called_back() {
    let sent = decide_order(&placed(), &OrderChange::Fulfill(Vec::new())).unwrap();
    let returned = decide_order(&sent.state, &OrderChange::Return(vec![back("b", 1, Disposition::Discarded)])).unwrap();
    assert_eq!((returned.owed_minor, returned.moves[0].change), (100, Quantities::ZERO));
    let recall = OrderChange::CancelFulfillment(vec![piece("b", "here", 2)]);
    assert!(decide_order(&sent.state, &recall).is_ok());
    assert!(decide_order(&returned.state, &recall).is_err());
    assert!(decide_order(&sent.state, &OrderChange::Return(vec![back("b", 3, Disposition::Restock)])).is_err());
}

#[test]
fn the_way_back_gives_back_stock_and_money_from_wherever_it_begins() {
    for step in Step::ALL.iter().copied().filter(|step| step.is_forward()) {
        let mut way = vec![step.after(Outcome::Refused)];
        while way.last() != Some(&Step::Done) {
            way.push(way.last().unwrap().after(Outcome::Done));
        }
        assert_eq!(way, [Step::UndoHold, Step::UndoPayment, Step::Done]);
    }
    assert_eq!(Step::UndoPayment.after(Outcome::Owing), Step::Refund);
    let mut way = vec![Step::Reserve];
    while way.last() != Some(&Step::Done) {
        way.push(way.last().unwrap().after(Outcome::Done));
    }
    assert_eq!(way, [Step::Reserve, Step::Price, Step::Authorize, Step::Capture, Step::Confirm, Step::Done]);
}

#[test]
fn money_says_what_it_is() {
    let ledger =
        |authorized_minor, captured_minor, refunded_minor| Ledger { authorized_minor, captured_minor, refunded_minor };
    for (status, ledger, expected) in [
        (OrderStatus::Pending, ledger(0, 0, 0), FinancialStatus::Pending),
        (OrderStatus::Pending, ledger(5, 0, 0), FinancialStatus::Authorized),
        (OrderStatus::Placed, ledger(0, 5, 0), FinancialStatus::Paid),
        (OrderStatus::Placed, ledger(0, 0, 0), FinancialStatus::Paid),
        (OrderStatus::Completed, ledger(0, 5, 2), FinancialStatus::PartiallyRefunded),
        (OrderStatus::Failed, ledger(0, 5, 5), FinancialStatus::Refunded),
        (OrderStatus::Failed, ledger(0, 0, 0), FinancialStatus::Voided),
    ] {
        assert_eq!(FinancialStatus::of(status, ledger), expected);
    }
}

fn change() -> impl Strategy<Value = OrderChange> {
    let name = proptest::sample::select(vec!["a", "b"]);
    let place = proptest::sample::select(vec!["here", "there"]);
    let some = proptest::option::of(place.clone());
    proptest::prop_oneof![
        (name.clone(), some, 1..4_i32)
            .prop_map(|(line, place, quantity)| OrderChange::Fulfill(vec![pick(line, place, quantity)])),
        Just(OrderChange::Fulfill(Vec::new())),
        Just(OrderChange::Cancel),
        place.clone().prop_map(|place| OrderChange::Prepare(place.to_owned())),
        (name.clone(), place.clone(), 1..4_i32)
            .prop_map(|(line, place, quantity)| OrderChange::CancelFulfillment(vec![piece(line, place, quantity)])),
        (name.clone(), place.clone(), 1..4_i32)
            .prop_map(|(line, place, quantity)| OrderChange::HandOver(vec![piece(line, place, quantity)])),
        (name.clone(), 1..4_i32, any::<bool>()).prop_map(|(line, quantity, damaged)| {
            let disposition = if damaged { Disposition::Damaged } else { Disposition::Restock };
            OrderChange::Return(vec![back(line, quantity, disposition)])
        }),
        (name, place.clone(), place, 1..4_i32).prop_map(|(line, from, to, quantity)| {
            OrderChange::Reroute(pick(line, Some(from), quantity), to.to_owned())
        }),
    ]
}

proptest::proptest! {
    /// Of each line as many pieces are allocated as are open, and stock loses what customers have.
    #[test]
    fn pieces_are_conserved(changes in proptest::collection::vec(change(), 1..12)) {
        let mut order = placed();
        let (mut on_hand, mut committed) = (0, 0);
        for change in changes {
            let Ok(changed) = decide_order(&order, &change) else { continue };
            on_hand += changed.moves.iter().map(|own| own.change.on_hand).sum::<i32>();
            committed += changed.moves.iter().map(|own| own.change.committed).sum::<i32>();
            order = changed.state;
            for line in &order.lines {
                let lying: i32 = order.allocations.iter().filter(|piece| piece.line_id == line.id)
                    .map(|piece| piece.quantity).sum();
                assert_eq!(lying, line.open());
                assert!(line.returned_quantity <= line.fulfilled_quantity && line.open() >= 0);
            }
            assert!(order.allocations.iter().all(|piece| piece.quantity > 0));
            assert!(order.allocations.iter().all(|piece| order.free_at(&piece.line_id, &piece.location_id) >= 0));
            let with_customers: i32 = order.lines.iter().map(LineState::with_customer).sum();
            let open: i32 = order.lines.iter().map(LineState::open).sum();
            assert_eq!((on_hand, committed), (-with_customers, open - 7));
        }
    }
}

#[test]
fn how_far_the_pieces_are() {
    let of = |open, sent, returned, ready| {
        let mut line = line("a", open + sent);
        (line.fulfilled_quantity, line.returned_quantity) = (sent, returned);
        FulfillmentStatus::of(&[line], ready)
    };
    assert_eq!(of(2, 0, 0, false), FulfillmentStatus::Unfulfilled);
    assert_eq!(of(2, 0, 0, true), FulfillmentStatus::ReadyForPickup);
    assert_eq!(of(2, 1, 0, false), FulfillmentStatus::PartiallyFulfilled);
    assert_eq!(of(0, 2, 0, false), FulfillmentStatus::Fulfilled);
    assert_eq!(of(0, 2, 1, false), FulfillmentStatus::PartiallyReturned);
    assert_eq!(of(0, 2, 2, false), FulfillmentStatus::Returned);
    assert_eq!(EventKind::parse("FULFILLED"), Some(EventKind::Fulfilled));
}
