//! Where and when products and collections are published, and telling when that begins and ends.

use std::{collections::BTreeSet, time::Duration};

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Refusals, collection::count_up};
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, publication::Publication},
    entity::collection,
    store::{
        StoreError,
        ledger::new_id,
        now, products,
        publications::{self, Subject},
        transact::{Work, transact},
    },
};

/// The most products or collections of one call.
pub const SUBJECTS_MAX: usize = 250;
/// The most rules of one product or collection.
pub const PUBLICATIONS_MAX: usize = 100;
/// Rules that are told of in one transaction.
const BATCH: u64 = 200;

/// Where and when some products or collections are published, in place of what was so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetPublications {
    /// 1 to [`SUBJECTS_MAX`] ids.
    pub ids: Vec<String>,
    /// At most [`PUBLICATIONS_MAX`], each of another channel; none is everywhere.
    pub publications: Vec<PublicationDraft>,
}

/// One rule of where and when something is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicationDraft {
    /// The channel; absent for all that have no rule of their own.
    pub channel: Option<String>,
    /// Whether it is, between the two times.
    pub published: bool,
    /// Not before this time.
    pub starts_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Only before this time.
    pub ends_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationsSet {
    /// The ids of the input.
    pub ids: Vec<String>,
}

impl Commands {
    /// Sets where and when products or collections are published; all of them or none. Each gets a new revision and an
    /// event.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_publications(
        &self,
        caller: &Caller,
        (subject, input): (Subject, &SetPublications),
        idempotency_key: &str,
    ) -> Result<Answer<PublicationsSet>, StoreError> {
        if let Err(refused) = check(input) {
            return Ok(Err(refused));
        }
        let request = (subject.as_str(), input);
        let command = SetRules { caller, subject, input };
        perform_once(self, ("publications", &caller.actor, idempotency_key), &request, &command).await
    }

    /// Tells of what began or ended to be published since it was last told, and gives how many rules that were. Several
    /// processes may do this at once.
    ///
    /// # Errors
    ///
    /// When the store fails; what was told before stays told.
    pub async fn tell_publications_due(&self) -> Result<u64, StoreError> {
        let mut told = 0;
        loop {
            let due = publications::due(self.store.reader(), BATCH).await?;
            if due.is_empty() {
                return Ok(told);
            }
            let of = |subject: Subject| {
                let own = due.iter().filter(|row| row.kind == subject.as_str());
                own.map(|row| row.subject_id.clone()).collect::<BTreeSet<_>>().into_iter().collect()
            };
            let work = Tell { products: of(Subject::Product), collections: of(Subject::Collection) };
            transact(&self.store, &work).await?;
            self.signal.ring();
            told += u64::try_from(due.len()).unwrap_or(u64::MAX);
        }
    }
}

/// Tells of what begins and ends to be published, looking every `pause`, until `shutdown`.
pub async fn run_publisher(commands: Commands, pause: Duration, shutdown: CancellationToken) {
    let rounds = async {
        loop {
            if let Err(error) = commands.tell_publications_due().await {
                tracing::warn!(%error, "what began or ended to be published could not be told");
            }
            sleep(pause).await;
        }
    };
    shutdown.run_until_cancelled(rounds).await;
}

fn check(input: &SetPublications) -> Answer<()> {
    let mut refusals = Refusals::default();
    if !(1..=SUBJECTS_MAX).contains(&input.ids.len()) {
        let message = format!("{} ids were given, 1 to {SUBJECTS_MAX} are possible", input.ids.len());
        refusals.add("ids", ErrorCode::TooManyLines, message);
    }
    if input.publications.len() > PUBLICATIONS_MAX {
        let count = input.publications.len();
        let message = format!("{count} publications were given, at most {PUBLICATIONS_MAX} are possible");
        refusals.add("publications", ErrorCode::TooManyLines, message);
    }
    let mut seen = BTreeSet::new();
    for (index, publication) in input.publications.iter().enumerate() {
        let path = format!("publications.{index}");
        if !seen.insert(&publication.channel) {
            let channel = publication.channel.as_deref().unwrap_or("all others");
            refusals.add(&path, ErrorCode::InvalidInput, format!("`{channel}` is there twice"));
        }
        if !publication.published && (publication.starts_at.is_some() || publication.ends_at.is_some()) {
            refusals.add(&path, ErrorCode::InvalidInput, "what is not published has no start and no end");
        }
        refusals.check_period(&path, publication.starts_at, publication.ends_at);
    }
    refusals.or_none()
}

struct SetRules<'a> {
    caller: &'a Caller,
    subject: Subject,
    input: &'a SetPublications,
}

impl Perform for SetRules<'_> {
    type Output = PublicationsSet;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<PublicationsSet>, StoreError> {
        let ids = &self.input.ids;
        let rules: Vec<Publication> = self.input.publications.iter().map(PublicationDraft::rule).collect();
        match self.subject {
            Subject::Product => {
                let rows = products::lock(transaction, ids).await?;
                if let Err(refused) = all_there(ids, rows.iter().map(|row| &row.id), ErrorCode::UnknownProduct) {
                    return Ok(Err(refused));
                }
                let time = now::read(transaction).await?;
                publications::replace(transaction, self.subject, &distinct(ids), (&rules, time)).await?;
                products::announce(transaction, rows, &self.caller.correlation_id).await?;
            }
            Subject::Collection => {
                let rows = lock_collections(transaction, ids).await?;
                if let Err(refused) = all_there(ids, rows.iter().map(|row| &row.id), ErrorCode::UnknownCollection) {
                    return Ok(Err(refused));
                }
                let time = now::read(transaction).await?;
                publications::replace(transaction, self.subject, &distinct(ids), (&rules, time)).await?;
                for row in rows {
                    count_up(transaction, row, &self.caller.correlation_id).await?;
                }
            }
        }
        Ok(Ok(PublicationsSet { ids: ids.clone() }))
    }
}

impl PublicationDraft {
    fn rule(&self) -> Publication {
        Publication {
            channel: self.channel.clone().unwrap_or_default(),
            published: self.published,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }
}

fn distinct(ids: &[String]) -> Vec<String> {
    ids.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

fn all_there<'a>(ids: &[String], known: impl Iterator<Item = &'a String>, code: ErrorCode) -> Answer<()> {
    let known: BTreeSet<&String> = known.collect();
    let mut refusals = Refusals::default();
    for (index, id) in ids.iter().enumerate().filter(|(_, id)| !known.contains(id)) {
        refusals.add(&format!("ids.{index}"), code, format!("there is no `{id}`"));
    }
    refusals.or_none()
}

/// The collections with one of `ids`, locked in the order of their ids.
async fn lock_collections(
    transaction: &DatabaseTransaction,
    ids: &[String],
) -> Result<Vec<collection::Model>, StoreError> {
    let rows = collection::Entity::find().filter(collection::Column::Id.is_in(ids));
    Ok(rows.order_by_asc(collection::Column::Id).lock_exclusive().all(transaction).await?)
}

/// Tells of products and collections whose rules have begun or ended.
struct Tell {
    products: Vec<String>,
    collections: Vec<String>,
}

impl Work for Tell {
    type Output = ();

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        let correlation_id = new_id();
        let rows = products::lock(transaction, &self.products).await?;
        // What another process has told since then is told.
        let noted = publications::note_next(transaction, Subject::Product, &self.products).await?;
        let rows = rows.into_iter().filter(|row| noted.contains(&row.id)).collect();
        products::announce(transaction, rows, &correlation_id).await?;
        let rows = lock_collections(transaction, &self.collections).await?;
        let noted = publications::note_next(transaction, Subject::Collection, &self.collections).await?;
        for row in rows.into_iter().filter(|row| noted.contains(&row.id)) {
            count_up(transaction, row, &correlation_id).await?;
        }
        Ok(())
    }
}
