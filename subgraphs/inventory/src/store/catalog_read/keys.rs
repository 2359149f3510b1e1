//! Reading by a set of keys.

use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait, extension::postgres::PgExpr},
};

use crate::store::{Engine, Store};

/// That `column` is one of `keys`. PostgreSQL gets them as one array, so that the statement has one text and one plan
/// however many keys there are; SQLite prepares a text of any length in microseconds.
pub(super) fn one_of(store: &Store, column: impl ColumnTrait, keys: &[String]) -> Expr {
    let column = Expr::col(column.as_column_ref());
    match store.engine() {
        Engine::Postgres => column.eq_any(keys.iter().cloned()),
        Engine::Sqlite => column.is_in(keys),
    }
}
