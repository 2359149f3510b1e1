//! The two ways to run: one suite of journeys, instantiated for each.

/// How a shop is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// `selvedge up`: one process, no server.
    SqliteEmbeddedInProcess,
    /// Four processes over PostgreSQL, Redis and a MongoDB server.
    PostgresRedisMongodb,
}

/// Variables of the environment that a shop is started with, beside those of its column.
pub type Settings = &'static [(&'static str, &'static str)];

/// Makes of each `async fn(Arc<Shop>)` one test per column, on a shop that all of them with the same settings share.
macro_rules! on_both_columns {
    (with $settings:expr => $($name:ident),+ $(,)?) => {
        $crate::support::on_both_columns!(@column $settings, sqlite_embedded_in_process SqliteEmbeddedInProcess $($name)+);
        $crate::support::on_both_columns!(@column $settings, postgres_redis_mongodb PostgresRedisMongodb $($name)+);
    };
    ($($name:ident),+ $(,)?) => {
        $crate::support::on_both_columns!(with &[] => $($name),+);
    };
    (@column $settings:expr, $module:ident $column:ident $($name:ident)+) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $name() {
                    let test = concat!(module_path!(), "::", stringify!($name));
                    let column = $crate::support::Column::$column;
                    if let Some(shop) = $crate::support::Shop::shared((column, $settings), test).await {
                        super::$name(shop).await;
                    }
                }
            )+
        }
    };
}

/// Makes of each `async fn(Shop)` one test per column, on a shop of its own with so many products.
macro_rules! on_own_shops {
    ($products:expr => $($name:ident),+ $(,)?) => {
        $crate::support::on_own_shops!(@column $products, sqlite_embedded_in_process SqliteEmbeddedInProcess $($name)+);
        $crate::support::on_own_shops!(@column $products, postgres_redis_mongodb PostgresRedisMongodb $($name)+);
    };
    (@column $products:expr, $module:ident $column:ident $($name:ident)+) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $name() {
                    let test = concat!(module_path!(), "::", stringify!($name));
                    let column = $crate::support::Column::$column;
                    if let Some(shop) = $crate::support::Shop::own((column, &[]), test, $products).await {
                        super::$name(shop).await;
                    }
                }
            )+
        }
    };
}

pub(crate) use on_both_columns;
pub(crate) use on_own_shops;
