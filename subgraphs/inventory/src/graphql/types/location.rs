//! Locations.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, Object,
    connection::{Connection, Edge},
};

use super::missing;
use crate::{
    entity::location,
    graphql::loaders::{LocationById, loaders},
    store::catalog_read::{Page, location_cursor},
};

#[derive(Debug, Clone)]
pub(crate) struct Location(pub(crate) Arc<location::Model>);

pub(crate) type LocationConnection = Connection<String, Location>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum LocationKind {
    Warehouse,
    Store,
}

pub(crate) fn location_connection(page: Page<location::Model>) -> LocationConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: location::Model| Edge::new(location_cursor(&row), Location(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

impl Location {
    /// The location that another row refers to.
    pub(crate) async fn referred_by_id(ctx: &Context<'_>, id: &str) -> Result<Self, Error> {
        let row = loaders(ctx)?.load_one(LocationById(id.to_owned())).await?;
        row.map(Self).ok_or_else(|| missing("location", id))
    }
}

#[Object]
impl Location {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn code(&self) -> &str {
        &self.0.code
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn kind(&self) -> LocationKind {
        // A check of the table allows these two alone.
        if self.0.kind == "STORE" { LocationKind::Store } else { LocationKind::Warehouse }
    }

    async fn city(&self) -> &str {
        &self.0.city
    }

    async fn country_code(&self) -> &str {
        &self.0.country_code
    }

    async fn priority(&self) -> i32 {
        self.0.priority
    }
}
