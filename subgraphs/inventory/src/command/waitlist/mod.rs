//! Waiting for what is sold out: joining and leaving, being told in order, and being forgotten.

mod deliver;
mod join;
mod tell;

pub use self::{
    join::{JoinWaitlist, WAITING_MAX, WAITLIST_QUANTITY_MAX},
    tell::{Waitlist, WaitlistSettings, run_waitlist},
};
