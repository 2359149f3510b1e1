//! Collections, what is in them, and where and when products and collections are published.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, Expr, ExprTrait, ForeignKey, ForeignKeyAction,
        ForeignKeyCreateStatement, Index, MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{
        big_integer, boolean, integer, json_binary_null, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [collection(), collection_product(), publication()] {
            manager.create_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["publication", "collection_product", "collection"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// In order: the list of collections; those by rules, which every changed product is held against; a collection's
/// products in its order; the collections of a product; what begins or ends next.
const INDEXES: &str = "
CREATE INDEX collection_by_title ON collection (title, id);
CREATE INDEX collection_by_rules ON collection (id) WHERE kind = 'SMART';
CREATE INDEX collection_product_in_order ON collection_product (collection_id, sort_key, product_id);
CREATE INDEX collection_product_by_product ON collection_product (product_id, collection_id);
CREATE INDEX publication_due ON publication (next_change_at) WHERE next_change_at IS NOT NULL;
";

fn collection() -> TableCreateStatement {
    Table::create()
        .table("collection")
        .col(text("id").primary_key())
        .col(text("handle").unique_key())
        .col(text("title"))
        .col(text("description"))
        .col(text("kind"))
        // Of a smart one.
        .col(json_binary_null("rules"))
        .col(text("sort"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .check(Expr::col("kind").is_in(["MANUAL", "SMART"]))
        .check(Expr::col("sort").is_in(["MANUAL", "FEATURED", "NEWEST", "TITLE", "PRICE_ASC", "PRICE_DESC"]))
        .take()
}

/// A product is in a collection while its available pieces are between the two numbers; by hand, always.
fn collection_product() -> TableCreateStatement {
    Table::create()
        .table("collection_product")
        .col(text("collection_id"))
        .col(text("product_id"))
        .col(big_integer("stock_min"))
        .col(big_integer("stock_max"))
        // From 1; 0 where rules say what is inside.
        .col(integer("position"))
        .col(text_null("note"))
        // Its place in the order of the collection, as a text that sorts so.
        .col(text("sort_key"))
        .primary_key(Index::create().col("collection_id").col("product_id").col("stock_min"))
        .foreign_key(&mut to("collection_product", "collection"))
        .foreign_key(&mut to("collection_product", "product"))
        .check(Expr::col("stock_min").lte(Expr::col("stock_max")))
        .take()
}

/// What has no row is published everywhere. The row without a channel is for all channels without one of their own; a
/// primary key takes no null.
fn publication() -> TableCreateStatement {
    Table::create()
        .table("publication")
        .col(text("kind"))
        .col(text("subject_id"))
        .col(text("channel").default(""))
        .col(boolean("published"))
        .col(timestamp_with_time_zone_null("starts_at"))
        .col(timestamp_with_time_zone_null("ends_at"))
        // When it begins or ends next; what has watched it by then is told.
        .col(timestamp_with_time_zone_null("next_change_at"))
        .primary_key(Index::create().col("kind").col("subject_id").col("channel"))
        .check(Expr::col("kind").is_in(["PRODUCT", "COLLECTION"]))
        .take()
}

fn to(table: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    let column = format!("{other}_id");
    ForeignKey::create().from(table, column).to(other, "id").on_delete(ForeignKeyAction::Cascade).take()
}
