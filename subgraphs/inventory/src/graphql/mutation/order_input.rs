//! What mutations of orders are told.

use async_graphql::{Error, ID, InputObject};

use crate::{
    command::order::{ChangeOrder, Checkout, Delivery, Secret},
    graphql::{
        error::bad_user_input,
        limits::{self, at_most},
        types::{ReturnDisposition, ShippingAddress},
    },
};

/// The most lines of one input.
const LINES_MAX: usize = 100;
/// The longest text of an address, e-mail address or token, in characters.
const TEXT_MAX: usize = 200;
/// The most reservations that one order takes over.
const RESERVATIONS_MAX: usize = 100;

#[derive(InputObject)]
pub(crate) struct CheckoutCompleteInput {
    cart_id: ID,
    /// The payment provider's token.
    payment_method: String,
    email: Option<String>,
    /// Where it is sent; not together with pickupLocationId.
    shipping_address: Option<ShippingAddress>,
    /// Where it is fetched: all pieces are taken from there.
    pickup_location_id: Option<ID>,
    /// The total as shown, in minor units: with another one nothing is bought, and the answer says PRICE_CHANGED.
    expected_total: i64,
    /// Reservations that were made for this cart, at most 100: the order takes them over. Others' are left alone.
    #[graphql(default)]
    reservation_ids: Vec<ID>,
}

#[derive(InputObject)]
pub(crate) struct FulfillmentCreateInput {
    order_id: ID,
    /// At most 100; everything that is open and does not wait to be fetched when there is none.
    #[graphql(default)]
    lines: Vec<FulfillmentLineInput>,
    tracking_number: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct FulfillmentLineInput {
    line_id: ID,
    quantity: i32,
    /// Where they are sent from; wherever they lie when absent.
    location_id: Option<ID>,
}

#[derive(InputObject)]
pub(crate) struct FulfillmentRerouteInput {
    order_id: ID,
    line_id: ID,
    from_location_id: ID,
    to_location_id: ID,
    quantity: i32,
}

#[derive(InputObject)]
pub(crate) struct OrderReturnInput {
    order_id: ID,
    /// 1 to 100.
    lines: Vec<OrderReturnLineInput>,
    /// Whether the price of these pieces goes back.
    #[graphql(default = true)]
    refund: bool,
}

#[derive(InputObject)]
pub(crate) struct OrderReturnLineInput {
    line_id: ID,
    quantity: i32,
    disposition: ReturnDisposition,
    /// Where they came to.
    location_id: ID,
}

fn text(name: &str, text: &str) -> Result<(), Error> {
    at_most(name, text.chars().count(), TEXT_MAX)?;
    limits::storable(name, text).map(drop)
}

impl CheckoutCompleteInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when something is too long or cannot be stored, or both ways of delivery are named.
    pub(super) fn checked(self) -> Result<Checkout, Error> {
        limits::storable("cartId", &self.cart_id)?;
        text("paymentMethod", &self.payment_method)?;
        text("email", self.email.as_deref().unwrap_or_default())?;
        at_most("reservationIds", self.reservation_ids.len(), RESERVATIONS_MAX)?;
        for id in &self.reservation_ids {
            limits::storable("reservationIds", id)?;
        }
        let delivery = match (self.shipping_address, self.pickup_location_id) {
            (Some(_), Some(_)) => return Err(bad_user_input("give `shippingAddress` or `pickupLocationId`, not both")),
            (None, Some(id)) => Delivery::Pickup(limits::storable("pickupLocationId", &id)?.to_owned()),
            (None, None) => Delivery::Shipping(None),
            (Some(address), None) => Delivery::Shipping(Some(Secret(checked_address(&address)?))),
        };
        Ok(Checkout {
            cart_id: self.cart_id.0,
            payment_method: Secret(self.payment_method),
            email: self.email.map(Secret),
            delivery,
            expected_total_minor: Some(self.expected_total),
            reservation_ids: self.reservation_ids.into_iter().map(|id| id.0).collect(),
        })
    }
}

/// The address as JSON.
fn checked_address(address: &ShippingAddress) -> Result<String, Error> {
    let ShippingAddress { name, line1, line2, city, postal_code, country_code } = address;
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    for (field, value) in [
        ("name", name.clone()),
        ("line1", line1.clone()),
        ("line2", optional(line2)),
        ("city", city.clone()),
        ("postalCode", optional(postal_code)),
    ] {
        text(field, &value)?;
    }
    if country_code.len() != 2 || !country_code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(bad_user_input("`countryCode` takes two upper-case letters"));
    }
    Ok(serde_json::to_string(address)?)
}

impl FulfillmentCreateInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when something is too long or cannot be stored.
    pub(super) fn checked(self) -> Result<(String, ChangeOrder), Error> {
        at_most("lines", self.lines.len(), LINES_MAX)?;
        text("trackingNumber", self.tracking_number.as_deref().unwrap_or_default())?;
        let pick = |line: FulfillmentLineInput| {
            limits::storable("lineId", &line.line_id)?;
            limits::storable("locationId", line.location_id.as_deref().map_or("", String::as_str))?;
            Ok((line.line_id.0, line.location_id.map(|id| id.0), line.quantity))
        };
        let picks = self.lines.into_iter().map(pick).collect::<Result<_, Error>>()?;
        Ok((self.order_id.0, ChangeOrder::Fulfill { picks, tracking_number: self.tracking_number }))
    }
}

impl FulfillmentRerouteInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when something cannot be stored.
    pub(super) fn checked(self) -> Result<(String, ChangeOrder), Error> {
        for (name, id) in [
            ("lineId", &self.line_id),
            ("fromLocationId", &self.from_location_id),
            ("toLocationId", &self.to_location_id),
        ] {
            limits::storable(name, id)?;
        }
        let change = ChangeOrder::Reroute {
            line_id: self.line_id.0,
            from: self.from_location_id.0,
            to: self.to_location_id.0,
            quantity: self.quantity,
        };
        Ok((self.order_id.0, change))
    }
}

impl OrderReturnInput {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when there are no lines or too many, or something cannot be stored.
    pub(super) fn checked(self) -> Result<(String, ChangeOrder), Error> {
        at_most("lines", self.lines.len(), LINES_MAX)?;
        if self.lines.is_empty() {
            return Err(bad_user_input("`lines` is empty"));
        }
        let line = |line: OrderReturnLineInput| {
            limits::storable("lineId", &line.line_id)?;
            limits::storable("locationId", &line.location_id)?;
            Ok((line.line_id.0, line.location_id.0, line.quantity, line.disposition.into()))
        };
        let lines = self.lines.into_iter().map(line).collect::<Result<_, Error>>()?;
        Ok((self.order_id.0, ChangeOrder::Return { lines, refund: self.refund }))
    }
}
