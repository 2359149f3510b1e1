//! Taking in behaviour: validate → attribute by consent → keep once → publish.

mod record;

pub use record::{Batch, Intake, IntakeReport};
