//! Pieces under the names that the field gives them.

use serde::{Deserialize, Serialize};

/// How many pieces are where; also a change of them, and then signed.
///
/// `on_hand` counts everything that lies at the location. Of it `committed`, `reserved`, `damaged` and
/// `quality_control` cannot be sold, and `safety_stock` shall not be. `incoming` is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quantities {
    /// Pieces there.
    pub on_hand: i32,
    /// Promised to customers: held by a reservation, or ordered and not yet sent.
    pub committed: i32,
    /// Set aside by staff, such as for a wholesale customer or an event.
    pub reserved: i32,
    /// There, and not fit for sale.
    pub damaged: i32,
    /// There, and being looked at.
    pub quality_control: i32,
    /// Kept back from sale.
    pub safety_stock: i32,
    /// On their way here.
    pub incoming: i32,
}

/// One of the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QuantityName {
    /// What may be sold; computed from the others.
    Available,
    /// [`Quantities::on_hand`].
    OnHand,
    /// [`Quantities::committed`].
    Committed,
    /// [`Quantities::reserved`].
    Reserved,
    /// [`Quantities::damaged`].
    Damaged,
    /// [`Quantities::quality_control`].
    QualityControl,
    /// [`Quantities::safety_stock`].
    SafetyStock,
    /// [`Quantities::incoming`].
    Incoming,
}

impl QuantityName {
    /// The name in sentences.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::OnHand => "on hand",
            Self::Committed => "committed",
            Self::Reserved => "reserved",
            Self::Damaged => "damaged",
            Self::QualityControl => "in quality control",
            Self::SafetyStock => "safety stock",
            Self::Incoming => "incoming",
        }
    }

    /// Whether staff may move pieces to and from this name; the pieces stay where they lie.
    #[must_use]
    pub const fn is_movable(self) -> bool {
        match self {
            Self::Available | Self::Reserved | Self::Damaged | Self::QualityControl | Self::SafetyStock => true,
            Self::OnHand | Self::Committed | Self::Incoming => false,
        }
    }
}

impl Quantities {
    /// Nothing anywhere, or no change.
    pub const ZERO: Self =
        Self { on_hand: 0, committed: 0, reserved: 0, damaged: 0, quality_control: 0, safety_stock: 0, incoming: 0 };

    /// Pieces that are there and not promised, set aside or unfit: what may be sold before safety stock is kept back.
    /// Below zero only in a change.
    #[must_use]
    pub fn free(&self) -> i32 {
        self.on_hand
            .saturating_sub(self.committed)
            .saturating_sub(self.reserved)
            .saturating_sub(self.damaged)
            .saturating_sub(self.quality_control)
    }

    /// Pieces that are there and not free.
    #[must_use]
    pub fn held(&self) -> i32 {
        self.on_hand.saturating_sub(self.free())
    }

    /// Pieces that may be sold, never below zero.
    #[must_use]
    pub fn available(&self) -> i32 {
        self.free().saturating_sub(self.safety_stock).max(0)
    }

    /// The pieces under `name`.
    #[must_use]
    pub fn get(&self, name: QuantityName) -> i32 {
        match name {
            QuantityName::Available => self.available(),
            QuantityName::OnHand => self.on_hand,
            QuantityName::Committed => self.committed,
            QuantityName::Reserved => self.reserved,
            QuantityName::Damaged => self.damaged,
            QuantityName::QualityControl => self.quality_control,
            QuantityName::SafetyStock => self.safety_stock,
            QuantityName::Incoming => self.incoming,
        }
    }

    /// The change by which `pieces` come from outside under `name`: whatever lies there is on hand too. `None` for
    /// committed, which is made of reservations and orders alone.
    #[must_use]
    pub fn arriving(name: QuantityName, pieces: i32) -> Option<Self> {
        let on_hand = pieces;
        match name {
            QuantityName::Available | QuantityName::OnHand => Some(Self { on_hand, ..Self::ZERO }),
            QuantityName::Incoming => Some(Self { incoming: pieces, ..Self::ZERO }),
            QuantityName::Committed => None,
            _ => Some(Self { on_hand, ..Self::under(name, pieces) }),
        }
    }

    /// The change by which `pieces` that lie there go from one name to another.
    #[must_use]
    pub fn renamed(from: QuantityName, to: QuantityName, pieces: i32) -> Self {
        let (taken, given) = (Self::under(from, -pieces), Self::under(to, pieces));
        Self {
            reserved: taken.reserved + given.reserved,
            damaged: taken.damaged + given.damaged,
            quality_control: taken.quality_control + given.quality_control,
            safety_stock: taken.safety_stock + given.safety_stock,
            ..Self::ZERO
        }
    }

    /// Pieces that can leave the location under `name`. No more safety stock than is free can: it says how many pieces
    /// shall be kept back, not that they are there.
    #[must_use]
    pub fn takeable(&self, name: QuantityName) -> i32 {
        match name {
            QuantityName::OnHand => self.free(),
            QuantityName::SafetyStock => self.safety_stock.min(self.free()),
            _ => self.get(name),
        }
    }

    /// What must be added to on hand so that `quantity` pieces are `name`, available or on hand; `None` beyond 32 bits.
    /// Where more shall be kept back than is free, what becomes available comes on top of what is missing.
    #[must_use]
    pub fn on_hand_for(&self, name: QuantityName, quantity: i32) -> Option<i32> {
        if quantity == self.get(name) {
            return Some(0);
        }
        let current = match name {
            QuantityName::Available => self.free().checked_sub(self.safety_stock)?,
            _ => self.on_hand,
        };
        let delta = quantity.checked_sub(current)?;
        self.on_hand.checked_add(delta).map(|_| delta)
    }

    /// `pieces` under a name that staff moves pieces to; what is available has no column of its own.
    fn under(name: QuantityName, pieces: i32) -> Self {
        match name {
            QuantityName::Reserved => Self { reserved: pieces, ..Self::ZERO },
            QuantityName::Damaged => Self { damaged: pieces, ..Self::ZERO },
            QuantityName::QualityControl => Self { quality_control: pieces, ..Self::ZERO },
            QuantityName::SafetyStock => Self { safety_stock: pieces, ..Self::ZERO },
            QuantityName::Available | QuantityName::OnHand | QuantityName::Committed | QuantityName::Incoming => {
                Self::ZERO
            }
        }
    }

    /// These and `change`.
    ///
    /// # Errors
    ///
    /// What would be wrong: a quantity below zero or beyond 32 bits, or more that cannot be sold than is there.
    pub fn plus(&self, change: &Self) -> Result<Self, &'static str> {
        let add = |quantity: i32, change: i32, error| quantity.checked_add(change).filter(|sum| *sum >= 0).ok_or(error);
        let next = Self {
            on_hand: add(self.on_hand, change.on_hand, "on hand out of range")?,
            committed: add(self.committed, change.committed, "committed out of range")?,
            reserved: add(self.reserved, change.reserved, "reserved out of range")?,
            damaged: add(self.damaged, change.damaged, "damaged out of range")?,
            quality_control: add(self.quality_control, change.quality_control, "quality control out of range")?,
            safety_stock: add(self.safety_stock, change.safety_stock, "safety stock out of range")?,
            incoming: add(self.incoming, change.incoming, "incoming out of range")?,
        };
        if next.free() < 0 {
            return Err("committed, reserved, damaged and quality control would be more than on hand");
        }
        Ok(next)
    }
}
