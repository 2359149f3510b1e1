//! `selvedge ledger reconcile`: stock beside what was counted.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use selvedge_inventory::{
    catalog::{KnownLocations, RejectedRow, read_counts},
    command::{AppliedPart, COUNTS_MAX, Caller, Compared, Counting, Outcome},
    domain::QuantityName,
};

use super::ledger::Options;
use crate::{assemble::Catalog, console, failure::Failure};

#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// The count: a CSV file with the columns sku, location (code or id) and quantity.
    counts: PathBuf,
    /// Adjust stock by events with the reason RECONCILIATION. The same content is applied once.
    #[arg(long)]
    apply: bool,
    /// What was counted.
    #[arg(long, value_enum, default_value_t = Counted::OnHand)]
    quantity: Counted,
    /// When it was counted, such as 2026-11-28T06:00:00Z: the stock at that time is compared, and the difference applied
    /// to what there is now.
    #[arg(long, value_name = "TIME")]
    counted_at: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(super) options: Options,
}

/// Which quantity was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Counted {
    /// Everything that lies there.
    OnHand,
    /// What may be sold.
    Available,
}

/// What became of the counts.
#[derive(Debug, Default)]
struct Tally {
    agree: u64,
    differ: u64,
    adjusted: u64,
    moved: u64,
    refused: u64,
    /// Counts of parts that were applied before.
    before: u64,
}

/// Rejected rows that are shown; the count says how many there are in all.
const SHOWN_ROWS: usize = 50;

/// Compares, and applies if it shall; whether nothing is left to do.
pub(super) async fn run(catalog: &Catalog, task: &Reconcile) -> Result<bool, Failure> {
    let failed = |error| Failure::operation("the count could not be compared", &error);
    let locations = KnownLocations::read(catalog.store()).await.map_err(failed)?;
    let reading = read_counts(&task.counts, &locations).map_err(|error| Failure::Usage(error.to_string()))?;
    show_rejected(&reading.rejected);
    if let Some(time) = task.counted_at
        && time > catalog.commands().database_time().await.map_err(failed)?
    {
        return Err(Failure::Usage(format!("--counted-at {time} is in the future")));
    }
    let counting = Counting {
        file: task.counts.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        content_hash: reading.content_hash.clone(),
        name: if task.quantity == Counted::OnHand { QuantityName::OnHand } else { QuantityName::Available },
        counted_at: task.counted_at,
    };
    let caller = Caller::system("ledger reconcile", uuid::Uuid::now_v7().to_string());
    let bar = console::progress("counts", u64::try_from(reading.counts.len()).unwrap_or_default());
    let mut tally = Tally::default();
    for (part, counts) in (0..).zip(reading.counts.chunks(COUNTS_MAX)) {
        let mut compared = catalog.commands().compare_counts(&counting, counts).await.map_err(failed)?;
        if task.apply {
            let applied = catalog.commands().apply_counts(&caller, &counting, part, &compared).await;
            match applied.map_err(|error| Failure::operation("the count could not be applied", &error))? {
                AppliedPart::Done(done) => compared = done,
                AppliedPart::Before => {
                    tally.before += u64::try_from(counts.len()).unwrap_or_default();
                    compared.clear();
                }
            }
        }
        bar.suspend(|| compared.iter().for_each(|one| tally.take(one, counting.name)));
        bar.inc(u64::try_from(counts.len()).unwrap_or_default());
    }
    bar.finish_and_clear();
    tally.say(reading.rows, reading.rejected.len());
    Ok(reading.rejected.is_empty() && tally.differ + tally.moved + tally.refused == 0)
}

impl Tally {
    fn take(&mut self, compared: &Compared, name: QuantityName) {
        let Compared { count, outcome } = compared;
        let what = format!("line {}: {} at {}: {} counted", count.line, count.sku, count.location, count.quantity);
        match outcome {
            Outcome::Agrees => self.agree += 1,
            Outcome::Differs { recorded, .. } => {
                self.differ += 1;
                let difference = i64::from(count.quantity) - i64::from(*recorded);
                console::say(format_args!("{what}, {recorded} {}: {difference:+}", name.words()));
            }
            Outcome::Adjusted { recorded, delta } => {
                self.adjusted += 1;
                console::say(format_args!("{what}, {recorded} {}: adjusted by {delta:+}", name.words()));
            }
            Outcome::Moved => {
                self.moved += 1;
                console::warn(format_args!(
                    "{what}, but the stock moved meanwhile: count it again, or put the line into a file of its own and \
                     say --counted-at"
                ));
            }
            Outcome::Refused(reason) => {
                self.refused += 1;
                console::warn(format_args!("{what}, not applied: {reason}"));
            }
        }
    }

    fn say(&self, rows: u64, rejected: usize) {
        if self.before > 0 {
            console::say(format_args!("{} counts of this content were applied before", self.before));
        }
        console::say(format_args!(
            "{rows} rows: {} agree, {} differ, {} adjusted, {} moved meanwhile, {} not possible, {rejected} not understood",
            self.agree, self.differ, self.adjusted, self.moved, self.refused
        ));
    }
}

fn show_rejected(rejected: &[RejectedRow]) {
    for row in rejected.iter().take(SHOWN_ROWS) {
        console::warn(format_args!("line {}: {}", row.line, row.reason));
    }
    if let Some(more) = rejected.len().checked_sub(SHOWN_ROWS).filter(|more| *more > 0) {
        console::warn(format_args!("… and {more} more"));
    }
}
