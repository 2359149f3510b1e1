//! Keyset pages: a cursor names the row's place in its order, so that rows which come or go between two pages neither
//! repeat nor hide others.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sea_orm::{
    EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{ColumnRef, Expr, ExprTrait, IntoColumnRef, Value},
};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// Which part of an ordered list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The most rows.
    pub size: u64,
    /// Whether the rows are counted from the end.
    pub backward: bool,
    /// Only rows behind this cursor.
    pub after: Option<String>,
    /// Only rows in front of this cursor.
    pub before: Option<String>,
}

/// A part of an ordered list, always in list order.
#[derive(Debug, Clone)]
pub struct Page<Row> {
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether there are rows in front of these.
    pub has_previous_page: bool,
    /// Whether there are rows behind these.
    pub has_next_page: bool,
}

/// Why a list could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The cursor belongs to another list or order, or was made up.
    #[error("`{argument}` is not a cursor of this list in this order")]
    Cursor {
        /// `after` or `before`.
        argument: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for ReadError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// What a list is ordered by: one column, and the id where that is equal.
#[derive(Debug, Clone)]
pub(in crate::store) struct Ordering {
    /// Part of every cursor, so that a cursor cannot be used in another order.
    pub(in crate::store) name: &'static str,
    pub(in crate::store) key: ColumnRef,
    pub(in crate::store) id: ColumnRef,
    pub(in crate::store) descending: bool,
    /// Whether ids are numbers.
    pub(in crate::store) numbered: bool,
}

impl Ordering {
    pub(in crate::store) fn by(name: &'static str, key: impl IntoColumnRef, id: impl IntoColumnRef) -> Self {
        Self { name, key: key.into_column_ref(), id: id.into_column_ref(), descending: false, numbered: false }
    }

    pub(in crate::store) fn descending(self) -> Self {
        Self { descending: true, ..self }
    }

    pub(in crate::store) fn numbered(self) -> Self {
        Self { numbered: true, ..self }
    }

    fn id_of(&self, argument: &'static str, id: String) -> Result<Value, ReadError> {
        if !self.numbered {
            return Ok(id.into());
        }
        id.parse::<i64>().map(Value::from).map_err(|_| ReadError::Cursor { argument })
    }
}

/// The value of the ordering column in one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::store) enum Key {
    Number(i64),
    Text(String),
    Time(DateTime<Utc>),
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Number(number) => number.into(),
            Key::Text(text) => text.into(),
            Key::Time(time) => time.into(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Cursor(String, Key, String);

/// The cursor of the row with `key` and `id` in the order `name`.
pub(in crate::store) fn encode_cursor(name: &'static str, key: Key, id: &str) -> String {
    // A tuple of strings and numbers always has a JSON form.
    let json = serde_json::to_vec(&Cursor(name.to_owned(), key, id.to_owned())).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

fn decode_cursor(name: &'static str, argument: &'static str, text: &str) -> Result<(Key, String), ReadError> {
    let refused = ReadError::Cursor { argument };
    let Ok(json) = URL_SAFE_NO_PAD.decode(text) else { return Err(refused) };
    match serde_json::from_slice::<Cursor>(&json) {
        Ok(Cursor(order, key, id)) if order == name => Ok((key, id)),
        _ => Err(refused),
    }
}

/// Restricts `select` to what `page` asks for, with one row more than its size as the sign that there are more.
pub(in crate::store) fn select_page<E: EntityTrait>(
    mut select: Select<E>,
    ordering: &Ordering,
    page: &PageRequest,
) -> Result<Select<E>, ReadError> {
    for (argument, cursor, behind) in [("after", &page.after, true), ("before", &page.before, false)] {
        let Some(text) = cursor else { continue };
        let (key, id) = decode_cursor(ordering.name, argument, text)?;
        let place = Expr::tuple([Expr::col(ordering.key.clone()), Expr::col(ordering.id.clone())]);
        let bound = Expr::tuple([Expr::val(key), Expr::val(ordering.id_of(argument, id)?)]);
        let greater = behind != ordering.descending;
        select = select.filter(if greater { place.gt(bound) } else { place.lt(bound) });
    }
    let order = if ordering.descending == page.backward { Order::Asc } else { Order::Desc };
    Ok(select
        .order_by(Expr::col(ordering.key.clone()), order.clone())
        .order_by(Expr::col(ordering.id.clone()), order)
        .limit(page.size.saturating_add(1)))
}

impl<Row> Page<Row> {
    /// A page from what [`select_page`] selected.
    pub(in crate::store) fn of(mut rows: Vec<Row>, request: &PageRequest) -> Self {
        let size = usize::try_from(request.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        if request.backward {
            rows.reverse();
            return Self { rows, has_previous_page: more, has_next_page: request.before.is_some() };
        }
        Self { rows, has_previous_page: request.after.is_some(), has_next_page: more }
    }
}

impl<Row: Clone> Page<(String, Row)> {
    /// A page, with cursors, of a short list that was read whole and is ordered by `id`.
    ///
    /// # Errors
    ///
    /// When a cursor is not one of the list `name`.
    pub fn cut(
        name: &'static str,
        rows: &[Row],
        id: impl Fn(&Row) -> &String,
        request: &PageRequest,
    ) -> Result<Self, ReadError> {
        let place = |argument, cursor: &Option<String>| {
            cursor.as_deref().map(|text| decode_cursor(name, argument, text)).transpose()
        };
        let (after, before) = (place("after", &request.after)?, place("before", &request.before)?);
        let behind = |row: &&Row| after.as_ref().is_none_or(|(_, bound)| id(row) > bound);
        let in_front = |row: &&Row| before.as_ref().is_none_or(|(_, bound)| id(row) < bound);
        let with_cursor = |row: &Row| (encode_cursor(name, Key::Number(0), id(row)), row.clone());
        let mut left: Vec<(String, Row)> = rows.iter().filter(behind).filter(in_front).map(with_cursor).collect();
        if request.backward {
            left.reverse();
        }
        Ok(Self::of(left, request))
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, ReadError, decode_cursor, encode_cursor};

    #[test]
    fn a_cursor_gives_back_what_it_was_made_of() {
        let cursor = encode_cursor("title", Key::Text("Überhemd".to_owned()), "7");
        let (key, id) = decode_cursor("title", "after", &cursor).unwrap();
        assert_eq!((key, id.as_str()), (Key::Text("Überhemd".to_owned()), "7"));
    }

    #[test]
    fn a_cursor_of_another_order_is_refused_by_argument() {
        let cursor = encode_cursor("title", Key::Number(1), "7");
        let error = decode_cursor("price", "before", &cursor).unwrap_err();
        assert!(matches!(error, ReadError::Cursor { argument: "before" }), "{error}");
        assert!(decode_cursor("price", "before", "no cursor").is_err());
    }
}
