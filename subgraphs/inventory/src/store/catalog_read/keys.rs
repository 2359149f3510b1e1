//! Reading by a set of keys.

use sea_orm::{
    ColumnTrait, DbBackend,
    sea_query::{Expr, ExprTrait, extension::postgres::PgExpr},
};

use crate::store::{Engine, Store};

/// That `column` is one of `keys`. PostgreSQL gets them as one array, so that the statement has one text and one plan
/// however many keys there are; SQLite prepares a text of any length in microseconds.
pub(super) fn one_of(store: &Store, column: impl ColumnTrait, keys: &[String]) -> Expr {
    let backend = match store.engine() {
        Engine::Postgres => DbBackend::Postgres,
        Engine::Sqlite => DbBackend::Sqlite,
    };
    among(backend, column, keys.iter().cloned())
}

/// The same for a connection to `backend`.
pub(in crate::store) fn among(
    backend: DbBackend,
    column: impl ColumnTrait,
    keys: impl IntoIterator<Item = String>,
) -> Expr {
    let column = Expr::col(column.as_column_ref());
    if backend == DbBackend::Postgres { column.eq_any(keys) } else { column.is_in(keys) }
}
