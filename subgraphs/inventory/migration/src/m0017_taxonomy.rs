//! The tree of categories, and the node of each product.

use sea_orm_migration::{
    prelude::{
        ConnectionTrait, DbErr, DeriveMigrationName, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index,
        MigrationTrait, SchemaManager, Table, TableCreateStatement, async_trait,
    },
    schema::{big_integer, integer, text, text_null, timestamp_with_time_zone},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [taxonomy_category(), taxonomy_ancestor()] {
            manager.create_table(table).await?;
        }
        // A reference that is added later has to be part of the column for SQLite.
        let column = "ALTER TABLE product ADD COLUMN taxonomy_category_id text REFERENCES taxonomy_category (id)";
        let connection = manager.get_connection();
        connection.execute_unprepared(column).await?;
        connection.execute_unprepared(INDEXES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX product_by_taxonomy").await?;
        connection.execute_unprepared("ALTER TABLE product DROP COLUMN taxonomy_category_id").await?;
        for table in ["taxonomy_ancestor", "taxonomy_category"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// In order: one name below one parent, and the children of a parent by name; the way up; the products of a node.
const INDEXES: &str = "
CREATE UNIQUE INDEX taxonomy_category_by_name ON taxonomy_category (COALESCE(parent_id, ''), name);
CREATE INDEX taxonomy_category_by_parent ON taxonomy_category (parent_id, name);
CREATE INDEX taxonomy_ancestor_up ON taxonomy_ancestor (category_id, distance);
CREATE INDEX product_by_taxonomy ON product (taxonomy_category_id, featured_rank, id);
";

fn taxonomy_category() -> TableCreateStatement {
    Table::create()
        .table("taxonomy_category")
        .col(text("id").primary_key())
        .col(text_null("parent_id"))
        .col(text("name"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(ForeignKey::create().from("taxonomy_category", "parent_id").to("taxonomy_category", "id"))
        .take()
}

/// Every node with every node above it, and with itself at distance 0.
fn taxonomy_ancestor() -> TableCreateStatement {
    Table::create()
        .table("taxonomy_ancestor")
        .col(text("ancestor_id"))
        .col(text("category_id"))
        .col(integer("distance"))
        .primary_key(Index::create().col("ancestor_id").col("category_id"))
        .foreign_key(&mut to("ancestor_id"))
        .foreign_key(&mut to("category_id"))
        .take()
}

fn to(column: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from("taxonomy_ancestor", column)
        .to("taxonomy_category", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
