//! Where and when products and collections are published.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{ColumnRef, Expr, ExprTrait, IntoColumnRef, Query, SelectStatement},
};

use super::{StoreError, now};
use crate::{
    domain::publication::{Publication, is_published, is_published_anywhere},
    entity::publication::{ActiveModel, Column, Entity, Model},
};

/// Keys of one statement.
const KEYS_PER_STATEMENT: usize = 1_000;
/// The names of a row that is asked about, and of another one of the same subject.
const RULE: &str = "rule";
const OWN: &str = "own_rule";

/// What is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A product.
    Product,
    /// A collection.
    Collection,
}

impl Subject {
    /// The value in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Product => "PRODUCT",
            Self::Collection => "COLLECTION",
        }
    }
}

impl From<Model> for Publication {
    fn from(row: Model) -> Self {
        Self { channel: row.channel, published: row.published, starts_at: row.starts_at, ends_at: row.ends_at }
    }
}

/// The rules of the subjects with one of `ids`, each subject's by channel.
///
/// # Errors
///
/// When the store fails.
pub async fn of_subjects(
    connection: &impl ConnectionTrait,
    subject: Subject,
    ids: &[String],
) -> Result<Vec<Model>, StoreError> {
    let mut rows = Vec::new();
    for chunk in ids.chunks(KEYS_PER_STATEMENT) {
        let of = Entity::find().filter(Column::Kind.eq(subject.as_str())).filter(Column::SubjectId.is_in(chunk));
        rows.extend(of.order_by_asc(Column::SubjectId).order_by_asc(Column::Channel).all(connection).await?);
    }
    Ok(rows)
}

fn by_subject(rows: Vec<Model>) -> BTreeMap<String, Vec<Publication>> {
    let mut rules: BTreeMap<String, Vec<Publication>> = BTreeMap::new();
    for row in rows {
        rules.entry(row.subject_id.clone()).or_default().push(row.into());
    }
    rules
}

/// Those of `ids` that are not published in `channel` at this moment.
///
/// # Errors
///
/// When the store fails.
pub async fn unpublished(
    connection: &impl ConnectionTrait,
    (subject, channel): (Subject, &str),
    ids: &[String],
) -> Result<HashSet<String>, StoreError> {
    let rules = by_subject(of_subjects(connection, subject, ids).await?);
    if rules.is_empty() {
        return Ok(HashSet::new());
    }
    let time = now::read(connection).await?;
    let hidden = rules.into_iter().filter(|(_, rules)| !is_published(rules, channel, time));
    Ok(hidden.map(|(id, _)| id).collect())
}

/// Those of `ids` that are published nowhere at this moment.
///
/// # Errors
///
/// When the store fails.
pub async fn unpublished_everywhere(
    connection: &impl ConnectionTrait,
    subject: Subject,
    ids: &[String],
) -> Result<HashSet<String>, StoreError> {
    let rules = by_subject(of_subjects(connection, subject, ids).await?);
    if rules.is_empty() {
        return Ok(HashSet::new());
    }
    let time = now::read(connection).await?;
    let hidden = rules.into_iter().filter(|(_, rules)| !is_published_anywhere(rules, time));
    Ok(hidden.map(|(id, _)| id).collect())
}

/// Puts `rules` in place of those that the subjects have.
pub(crate) async fn replace(
    transaction: &impl ConnectionTrait,
    subject: Subject,
    ids: &[String],
    (rules, time): (&[Publication], DateTime<Utc>),
) -> Result<(), StoreError> {
    for chunk in ids.chunks(KEYS_PER_STATEMENT) {
        let old = Entity::delete_many().filter(Column::Kind.eq(subject.as_str()));
        old.filter(Column::SubjectId.is_in(chunk)).exec(transaction).await?;
    }
    let row = |id: &String, rule: &Publication| Model {
        kind: subject.as_str().to_owned(),
        subject_id: id.clone(),
        channel: rule.channel.clone(),
        published: rule.published,
        starts_at: rule.starts_at,
        ends_at: rule.ends_at,
        next_change_at: rule.next_change(time),
    };
    let rows: Vec<ActiveModel> = ids
        .iter()
        .flat_map(|id| rules.iter().map(move |rule| row(id, rule).into_active_model()))
        .map(sea_orm::ActiveModelTrait::reset_all)
        .collect();
    for chunk in rows.chunks(KEYS_PER_STATEMENT) {
        Entity::insert_many(chunk.to_vec()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Rules that began or ended since that was last told, the earliest first.
pub(crate) async fn due(connection: &impl ConnectionTrait, count: u64) -> Result<Vec<Model>, StoreError> {
    let passed = Expr::col(Column::NextChangeAt).lte(now::now(connection.get_database_backend()));
    Ok(Entity::find().filter(passed).order_by_asc(Column::NextChangeAt).limit(count).all(connection).await?)
}

/// Notes of the subjects with one of `ids` when their rules begin or end next, and gives those of which that is another
/// time than was noted.
pub(crate) async fn note_next(
    transaction: &impl ConnectionTrait,
    subject: Subject,
    ids: &[String],
) -> Result<HashSet<String>, StoreError> {
    let time = now::read(transaction).await?;
    let mut noted = HashSet::new();
    for row in of_subjects(transaction, subject, ids).await? {
        let next = Publication::from(row.clone()).next_change(time);
        if next == row.next_change_at {
            continue;
        }
        let changed = ActiveModel { next_change_at: Set(next), ..Default::default() };
        Entity::update_many()
            .set(changed)
            .filter(Column::Kind.eq(row.kind.as_str()))
            .filter(Column::SubjectId.eq(row.subject_id.as_str()))
            .filter(Column::Channel.eq(row.channel.as_str()))
            .exec(transaction)
            .await?;
        noted.insert(row.subject_id);
    }
    Ok(noted)
}

/// That the subject with its id in the column `id` is published at this moment: in `channel`, or without one, anywhere.
pub(super) fn is_shown(
    backend: DbBackend,
    (subject, id): (Subject, impl IntoColumnRef),
    channel: Option<&str>,
) -> Condition {
    let id = id.into_column_ref();
    let rule = |column: Column| Expr::col((RULE, column));
    let of_all = Condition::all().add(rule(Column::Channel).eq(""));
    let decides = match channel {
        Some(channel) => {
            let own = rules(OWN, subject, &id).and_where(Expr::col((OWN, Column::Channel)).eq(channel)).take();
            Condition::any().add(rule(Column::Channel).eq(channel)).add(of_all.add(Expr::not_exists(own)))
        }
        None => of_all.add(Expr::not_exists(rules(OWN, subject, &id).cond_where(holds(backend, OWN)).take())),
    };
    // One rule that hides it: what has no rules, which is nearly everything, is found by one look into a small index.
    let hides = rules(RULE, subject, &id).cond_where(decides).cond_where(holds(backend, RULE).not()).take();
    Condition::all().add(Expr::not_exists(hides))
}

/// That a rule says published at this moment.
fn holds(backend: DbBackend, alias: &'static str) -> Condition {
    let column = |column: Column| Expr::col((alias, column));
    let begun = column(Column::StartsAt).is_null().or(column(Column::StartsAt).lte(now::now(backend)));
    let open = column(Column::EndsAt).is_null().or(column(Column::EndsAt).gt(now::now(backend)));
    Condition::all().add(column(Column::Published)).add(begun).add(open)
}

fn rules(alias: &'static str, subject: Subject, id: &ColumnRef) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from_as(Entity, alias)
        .and_where(Expr::col((alias, Column::Kind)).eq(subject.as_str()))
        .and_where(Expr::col((alias, Column::SubjectId)).eq(Expr::col(id.clone())))
        .take()
}
