//! How each order is paid, and where the process that works on it is killed.

/// An order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// The payment method, which steers the test provider.
    pub(super) token: &'static str,
    /// Where whoever works on it is killed, once.
    pub(super) point: &'static str,
    /// Whether the customer takes it back once it is placed.
    pub(super) is_cancelled: bool,
    /// Where it ends.
    pub(super) ends: &'static str,
}

const fn placed(token: &'static str, point: &'static str) -> Case {
    Case { token, point, is_cancelled: false, ends: "PLACED" }
}

const fn failed(token: &'static str, point: &'static str) -> Case {
    Case { token, point, is_cancelled: false, ends: "FAILED" }
}

const fn cancelled(point: &'static str) -> Case {
    Case { token: "tok_succeed", point, is_cancelled: true, ends: "CANCELLED" }
}

/// `… begun`: the step is about to be worked on. `… written`: all of it is written, and not committed; what came before is.
/// `payment …`, `refund given`: the provider is at it, in books of its own.
pub(super) const CASES: [Case; 25] = [
    placed("tok_succeed", "checkout"),
    placed("tok_succeed", "RESERVE begun"),
    placed("tok_succeed", "RESERVE written"),
    placed("tok_succeed", "PRICE written"),
    placed("tok_succeed", "payment asked"),
    placed("tok_succeed", "payment AUTHORIZED"),
    placed("tok_succeed", "AUTHORIZE written"),
    placed("tok_succeed", "payment CAPTURED"),
    placed("tok_succeed", "CAPTURE written"),
    placed("tok_succeed", "CONFIRM written"),
    // The provider fails first, answers late, never, or more than once.
    placed("tok_error_1", "AUTHORIZE written"),
    placed("tok_late_500", "AUTHORIZE written"),
    placed("tok_late_500", "CAPTURE written"),
    placed("tok_twice", "AUTHORIZE written"),
    placed("tok_twice", "CONFIRM written"),
    placed("tok_timeout", "AUTHORIZE written"),
    placed("tok_capture_timeout", "CAPTURE written"),
    // The way back.
    failed("tok_decline", "payment DECLINED"),
    failed("tok_decline", "AUTHORIZE written"),
    failed("tok_decline", "UNDO_HOLD written"),
    failed("tok_capture_decline", "CAPTURE written"),
    failed("tok_capture_decline", "payment VOIDED"),
    failed("tok_capture_decline", "UNDO_PAYMENT written"),
    cancelled("refund given"),
    cancelled("REFUND written"),
];
