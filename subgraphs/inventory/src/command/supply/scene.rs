//! The variants and inbound lines of one command, from their lock to what is written.

use sea_orm::DatabaseTransaction;

use crate::{
    command::{Answer, Caller, Commands},
    domain::{Command, EventKind, PieceMove, Quantities, decide},
    entity::purchase_order,
    store::{
        StoreError,
        ledger::{Entry, Note, append, refresh_badges},
        levels::{LoadedStock, Which, load},
        supply::{Owner, SupplyState, purchase_status, settle},
    },
};

/// On whose behalf a command runs, and under which key.
#[derive(Clone, Copy)]
pub(super) struct Doer<'a> {
    pub(super) commands: &'a Commands,
    pub(super) caller: &'a Caller,
    pub(super) key: &'a str,
}

impl Doer<'_> {
    /// The note of events that are about the document `reference`.
    pub(super) fn note(&self, reason: &str, reference: String) -> Note {
        Note {
            reason: reason.to_owned(),
            actor: self.caller.actor.clone(),
            reference: Some(reference),
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(self.key.to_owned()),
        }
    }
}

/// Variants under their lock, what is on its way of them, and what happens to them.
pub(super) struct Scene {
    pub(super) loaded: LoadedStock,
    pub(super) supply: SupplyState,
    moves: Vec<PieceMove>,
    /// The reservation behind each move, if any.
    reservations: Vec<Option<String>>,
}

impl Scene {
    /// Locks the variants and loads their levels, the named places, what is on its way, and the lines of `owner`.
    pub(super) async fn set(
        transaction: &DatabaseTransaction,
        (variant_ids, places): (&[String], &[&str]),
        owner: Owner<'_>,
    ) -> Result<Self, StoreError> {
        let loaded = load(transaction, Which::Ids(variant_ids), places).await?;
        let supply = SupplyState::load(transaction, variant_ids, owner).await?;
        Ok(Self { loaded, supply, moves: Vec::new(), reservations: Vec::new() })
    }

    /// `pieces` of a line are expected from now on, beside those that were.
    pub(super) fn expect(&mut self, line_id: &str, pieces: i32) {
        let Some(line) = self.supply.lines.get_mut(line_id).filter(|_| pieces > 0) else { return };
        line.set_pieces(line.pieces().moved(pieces));
        let change = Quantities { incoming: pieces, ..Quantities::ZERO };
        let moved = (line.variant_id.clone(), line.location_id.clone());
        self.push(moved, EventKind::InboundExpected, change);
    }

    /// Up to `pieces` of a line will not come.
    pub(super) fn cut(&mut self, line_id: &str, pieces: i32) {
        let Some(line) = self.supply.lines.get_mut(line_id) else { return };
        let pieces = pieces.min(line.open_quantity);
        if pieces <= 0 {
            return;
        }
        line.set_pieces(line.pieces().without(pieces));
        let change = Quantities { incoming: -pieces, ..Quantities::ZERO };
        let moved = (line.variant_id.clone(), line.location_id.clone());
        self.push(moved, EventKind::InboundCut, change);
    }

    /// `pieces` are expected by another line of the same variant at the same location; what is incoming stays.
    pub(super) fn hand_over(&mut self, from: &str, to: &str, pieces: i32) {
        for (line_id, pieces) in [(from, -pieces), (to, pieces)] {
            if let Some(line) = self.supply.lines.get_mut(line_id) {
                line.set_pieces(line.pieces().moved(pieces));
            }
        }
    }

    /// What of a sent line has not come: ordered and not sent again, or, without an order, never to come.
    pub(super) fn give_back(&mut self, line_id: &str) {
        let Some(line) = self.supply.lines.get(line_id) else { return };
        let open = line.open_quantity;
        let unsent = line.purchase_order_line_id.as_deref().and_then(|id| self.supply.unsent_of(id));
        match unsent.map(|unsent| unsent.id.clone()) {
            Some(unsent) => self.hand_over(line_id, &unsent, open),
            None => self.cut(line_id, open),
        }
    }

    /// The ids of the lines of a purchase order, sent or not.
    pub(super) fn lines_of_purchase(&self, id: &str) -> Vec<String> {
        let own = self.supply.lines.values().filter(|line| line.purchase_order_id.as_deref() == Some(id));
        own.map(|line| line.id.clone()).collect()
    }

    /// The ids of the lines of a shipment.
    pub(super) fn lines_of_shipment(&self, id: &str) -> Vec<String> {
        let own = self.supply.lines.values().filter(|line| line.shipment_id.as_deref() == Some(id));
        own.map(|line| line.id.clone()).collect()
    }

    /// Gives a purchase order the status that follows from its lines, all of which are loaded.
    pub(super) fn settle(&self, row: &mut purchase_order::Model) -> Result<(), StoreError> {
        let own = self.supply.lines.values().filter(|line| line.purchase_order_id.as_deref() == Some(&row.id));
        let (came, open) = own.fold((false, false), |(came, open), line| {
            (came || line.pieces().came() > 0, open || line.open_quantity > 0)
        });
        purchase_status(row)?.after(came, open).as_str().clone_into(&mut row.status);
        Ok(())
    }

    pub(super) fn push(&mut self, (variant_id, location_id): (String, String), kind: EventKind, change: Quantities) {
        self.push_for(None, (variant_id, location_id), kind, change);
    }

    /// The same, for what a reservation holds from now on.
    pub(super) fn push_for(
        &mut self,
        reservation_id: Option<String>,
        (variant_id, location_id): (String, String),
        kind: EventKind,
        change: Quantities,
    ) {
        self.moves.push(PieceMove { kind, variant_id, location_id, change });
        self.reservations.push(reservation_id);
    }

    /// Writes lines, promises, events, levels and badges; or nothing, and says why not.
    pub(super) async fn close(
        mut self,
        transaction: &DatabaseTransaction,
        commands: &Commands,
        note: &Note,
    ) -> Result<Answer<()>, StoreError> {
        let moves = Command::Supply(std::mem::take(&mut self.moves));
        let events = match decide(&self.loaded.stock, &moves) {
            Ok(events) => events,
            Err(errors) => return Ok(Err(errors)),
        };
        settle(transaction, &mut self.loaded, &mut self.supply, note).await?;
        let entry = |(event, reservation_id)| Entry { event, reservation_id };
        // One event for each move.
        let entries: Vec<Entry> = events.into_iter().zip(self.reservations).map(entry).collect();
        let threshold = commands.low_stock_threshold;
        append(transaction, &mut self.loaded, &entries, note, threshold).await?;
        refresh_badges(transaction, &mut self.loaded, threshold, &note.correlation_id).await?;
        Ok(Ok(()))
    }
}
