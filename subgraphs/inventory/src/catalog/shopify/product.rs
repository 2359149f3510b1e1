//! The rows of one product become one draft.

use std::collections::HashSet;

use csv::StringRecord;

use super::{
    columns::{Column, Header},
    infer,
    money::to_minor,
    opening::DecimalSign,
    reading::ImportOptions,
    report::RejectedRow,
    text::plain_text,
};
use crate::catalog::{
    draft::{ImageDraft, LevelDraft, OptionDraft, ProductDraft, StockPolicy, VariantDraft},
    slug::slug,
};

/// Variants that one product may have, as at Shopify.
const MAX_VARIANTS: usize = 2_048;

/// The longest handle, title or option value in characters, as at Shopify.
pub(super) const LONGEST: usize = 255;

/// What Shopify writes for a product without options.
const NO_OPTION: &str = "Default Title";

/// One row with the line that it starts on.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) record: StringRecord,
}

/// Reads products of one file; knows which SKUs were there before.
pub(super) struct ProductReader<'a> {
    pub(super) header: &'a Header,
    pub(super) options: &'a ImportOptions,
    pub(super) decimal_sign: DecimalSign,
    pub(super) skus: HashSet<String>,
    pub(super) rejected: Vec<RejectedRow>,
}

impl ProductReader<'_> {
    /// The product of `rows`, which share `handle`; `None` when no variant of it could be used.
    pub(super) fn product(&mut self, handle: &str, rows: &[Row], rank: i32) -> Option<ProductDraft> {
        let first = rows.first()?;
        let cell = |column| self.header.cell(&first.record, column);
        let Some(title) = cell(Column::Title) else {
            self.reject(
                first.line,
                handle,
                format!("column `{}` is blank in the first row of the product", self.header.spelled(Column::Title)),
            );
            return None;
        };
        let too_long = [Column::Title, Column::Vendor, Column::Type, Column::Category]
            .into_iter()
            .find(|column| cell(*column).is_some_and(is_too_long));
        if let Some(column) = too_long {
            self.reject(first.line, handle, self.too_long(column));
            return None;
        }
        if cell(Column::GiftCard).is_some_and(is_true) {
            self.reject(first.line, handle, "gift cards have no stock and are not imported".to_owned());
            return None;
        }
        let description = plain_text(cell(Column::Body).unwrap_or_default());
        let tags: Vec<String> = cell(Column::Tags)
            .map(|tags| tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default();
        let mut draft = ProductDraft {
            handle: handle.to_owned(),
            title: title.to_owned(),
            vendor: cell(Column::Vendor).unwrap_or("Unknown").to_owned(),
            category: infer::category(cell(Column::Type), cell(Column::Category), title, &description),
            taxonomy: infer::taxonomy(cell(Column::Category)),
            gender: infer::gender(cell(Column::Gender), &tags),
            material: infer::material(cell(Column::Fabric), title, &description),
            style: None,
            occasion: None,
            options: Vec::new(),
            images: self.images(rows),
            variants: Vec::new(),
            published: self.published(&first.record),
            featured_rank: rank,
            created_at: self.options.imported_at,
            description,
            tags,
        };
        let names = self.option_names(&first.record);
        self.variants(&mut draft, &names, rows);
        if draft.variants.is_empty() {
            return None;
        }
        draft.options = collect_options(&names, &draft.variants);
        Some(draft)
    }

    fn reject(&mut self, line: u64, handle: &str, reason: String) {
        self.rejected.push(RejectedRow { line, handle: Some(handle.to_owned()), reason });
    }

    fn too_long(&self, column: Column) -> String {
        format!("column `{}` is longer than {LONGEST} characters", self.header.spelled(column))
    }

    fn published(&self, record: &StringRecord) -> bool {
        let active =
            self.header.cell(record, Column::Status).is_none_or(|status| status.eq_ignore_ascii_case("active"));
        active && self.header.cell(record, Column::Published).is_none_or(is_true)
    }

    fn option_names(&self, record: &StringRecord) -> Vec<(u8, String)> {
        (1..=3)
            .filter_map(|number| {
                self.header.cell(record, Column::OptionName(number)).map(|name| (number, name.to_owned()))
            })
            .collect()
    }

    fn images(&self, rows: &[Row]) -> Vec<ImageDraft> {
        let mut images: Vec<(i64, ImageDraft)> = Vec::new();
        for (place, row) in (1_i64..).zip(rows) {
            let Some(url) = self.header.cell(&row.record, Column::ImageUrl) else { continue };
            if !(url.starts_with("https://") || url.starts_with("http://"))
                || images.iter().any(|(_, image)| image.url == url)
            {
                continue;
            }
            let position = self.header.cell(&row.record, Column::ImagePosition).and_then(|text| text.parse().ok());
            let alt_text = self.header.cell(&row.record, Column::ImageAlt).map(str::to_owned);
            images.push((position.unwrap_or(place), ImageDraft { url: url.to_owned(), alt_text }));
        }
        images.sort_by_key(|(position, _)| *position);
        images.into_iter().map(|(_, image)| image).take(250).collect()
    }

    fn variants(&mut self, draft: &mut ProductDraft, names: &[(u8, String)], rows: &[Row]) {
        let mut seen: HashSet<Vec<(String, String)>> = HashSet::new();
        let mut price_above = None;
        for row in rows {
            let has_value =
                names.iter().any(|(number, _)| self.header.cell(&row.record, Column::OptionValue(*number)).is_some());
            let price = self.header.cell(&row.record, Column::Price);
            // A row without option values and price only adds a picture.
            if !has_value && price.is_none() && !(names.is_empty() && draft.variants.is_empty()) {
                if self.header.cell(&row.record, Column::ImageUrl).is_none() {
                    self.reject(row.line, &draft.handle, "the row has neither a variant nor an image".to_owned());
                }
                continue;
            }
            if draft.variants.len() == MAX_VARIANTS {
                self.reject(row.line, &draft.handle, format!("a product has at most {MAX_VARIANTS} variants"));
                continue;
            }
            match self.variant(draft, names, row, price.or(price_above.as_deref())) {
                Ok(variant) if !seen.insert(variant.options.clone()) => {
                    self.reject(row.line, &draft.handle, format!("variant `{}` was there before", variant.title));
                }
                Ok(variant) => {
                    price_above = price.map(str::to_owned).or(price_above);
                    self.skus.insert(variant.sku.clone());
                    draft.variants.push(variant);
                }
                Err(reason) => self.reject(row.line, &draft.handle, reason),
            }
        }
    }

    fn variant(
        &self,
        draft: &ProductDraft,
        names: &[(u8, String)],
        row: &Row,
        price: Option<&str>,
    ) -> Result<VariantDraft, String> {
        let cell = |column| self.header.cell(&row.record, column);
        let currency = &self.options.currency_code;
        let mut options = Vec::with_capacity(names.len());
        for (number, name) in names {
            let value = cell(Column::OptionValue(*number)).ok_or_else(|| {
                format!(
                    "column `{}` is blank, the value of option `{name}`",
                    self.header.spelled(Column::OptionValue(*number))
                )
            })?;
            if is_too_long(value) {
                return Err(self.too_long(Column::OptionValue(*number)));
            }
            if value != NO_OPTION {
                options.push((name.clone(), value.to_owned()));
            }
        }
        let spelled_price = self.header.spelled(Column::Price);
        let price = price.ok_or_else(|| format!("column `{spelled_price}` is blank"))?;
        let minor = |text: &str| to_minor(&self.decimal_sign.with_point(text), currency);
        let price_minor = minor(price).map_err(|wrong| format!("column `{spelled_price}` {wrong}"))?;
        let compare_at_minor = match cell(Column::CompareAt) {
            Some(text) => Some(
                minor(text).map_err(|wrong| format!("column `{}` {wrong}", self.header.spelled(Column::CompareAt)))?,
            ),
            None => None,
        };
        let sku = self.sku(draft, &options, cell(Column::Sku))?;
        let title = options.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" / ");
        Ok(VariantDraft {
            sku,
            title: if title.is_empty() { draft.title.clone() } else { title },
            barcode: cell(Column::Barcode).map(|code| code.trim_start_matches('\'').to_owned()),
            size: option_value(&options, is_size),
            color: option_value(&options, is_color),
            options,
            price_minor,
            compare_at_minor: compare_at_minor.filter(|former| *former > price_minor),
            currency_code: currency.clone(),
            stock_policy: self.policy(cell(Column::Policy))?,
            expected_at: None,
            levels: self.levels(cell(Column::Quantity))?,
        })
    }

    /// Merchants leave SKUs blank; then handle and option values name the variant, so that the next import finds it.
    fn sku(&self, draft: &ProductDraft, options: &[(String, String)], given: Option<&str>) -> Result<String, String> {
        let sku = given.map_or_else(
            || {
                options
                    .iter()
                    .map(|(_, value)| slug(value))
                    .filter(|part| !part.is_empty())
                    .fold(draft.handle.clone(), |sku, part| format!("{sku}-{part}"))
            },
            // Spreadsheets protect leading zeros with an apostrophe.
            |sku| sku.trim_start_matches('\'').to_owned(),
        );
        if self.skus.contains(&sku) {
            return Err(format!("SKU `{sku}` was there before in this file; SKUs are unique"));
        }
        if is_number_of_a_spreadsheet(&sku) {
            return Err(format!("SKU `{sku}` was made a number by a spreadsheet; format the column as text"));
        }
        if sku.chars().count() > 100 {
            return Err("the SKU is longer than 100 characters".to_owned());
        }
        Ok(sku)
    }

    fn policy(&self, text: Option<&str>) -> Result<StockPolicy, String> {
        match text.map(str::to_ascii_lowercase).as_deref() {
            None | Some("deny" | "false" | "no") => Ok(StockPolicy::Deny),
            Some("continue" | "true" | "yes") => Ok(StockPolicy::Backorder),
            Some(other) => Err(format!(
                "column `{}` is `{other}`; expected `deny` or `continue`",
                self.header.spelled(Column::Policy)
            )),
        }
    }

    fn levels(&self, quantity: Option<&str>) -> Result<Vec<LevelDraft>, String> {
        let Some(text) = quantity else { return Ok(Vec::new()) };
        let on_hand: i32 = text.parse().map_err(|_| {
            format!("column `{}` is `{text}`; expected a whole number of units", self.header.spelled(Column::Quantity))
        })?;
        // Shopify lets stock go below zero when it oversells; there is no such stock to sell, so it counts as none.
        Ok(vec![LevelDraft {
            location_code: self.options.location_code.clone(),
            on_hand: on_hand.max(0),
            safety_stock: 0,
            incoming: 0,
        }])
    }
}

fn collect_options(names: &[(u8, String)], variants: &[VariantDraft]) -> Vec<OptionDraft> {
    names
        .iter()
        .filter_map(|(_, name)| {
            let mut values: Vec<String> = Vec::new();
            for value in variants
                .iter()
                .flat_map(|variant| &variant.options)
                .filter(|(own, _)| own == name)
                .map(|(_, value)| value)
            {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
            (!values.is_empty()).then(|| OptionDraft { name: name.clone(), values })
        })
        .collect()
}

fn option_value(options: &[(String, String)], is: fn(&str) -> bool) -> Option<String> {
    options.iter().find(|(name, _)| is(&name.to_lowercase())).map(|(_, value)| value.clone())
}

fn is_size(name: &str) -> bool {
    ["size", "größe", "groesse", "taille", "talla", "maat", "waist"].iter().any(|word| name.contains(word))
}

fn is_color(name: &str) -> bool {
    ["color", "colour", "farbe", "couleur", "kleur"].iter().any(|word| name.contains(word))
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes") || text == "1"
}

fn is_too_long(text: &str) -> bool {
    text.chars().count() > LONGEST
}

/// `1.23E+12`, which is what a spreadsheet leaves of a long number: several SKUs become the same.
fn is_number_of_a_spreadsheet(sku: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    sku.split_once("E+").is_some_and(|(number, exponent)| {
        let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
        digits(whole) && digits(fraction) && digits(exponent)
    })
}
