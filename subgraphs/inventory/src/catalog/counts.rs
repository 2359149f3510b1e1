//! Reading what was counted: a CSV file with the columns SKU, location and quantity.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use csv::{ReaderBuilder, StringRecord, Trim};
use sha2::{Digest, Sha256};

use super::shopify::{ImportError, RejectedRow};
use crate::{
    command::Count,
    error::StoreError,
    store::{Store, catalog_read::all_locations},
};

/// What a file of counts holds.
#[derive(Debug, Default)]
pub struct CountsReading {
    /// SHA-256 of the file.
    pub content_hash: String,
    /// The counts, ordered by SKU and location, each of another level.
    pub counts: Vec<Count>,
    /// Rows below the header.
    pub rows: u64,
    /// Rows that could not be understood.
    pub rejected: Vec<RejectedRow>,
}

/// Location ids by code and by id.
#[derive(Debug, Default)]
pub struct KnownLocations(HashMap<String, String>);

impl KnownLocations {
    /// Those of `store`.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut known = HashMap::new();
        for row in all_locations(store).await? {
            known.insert(row.code, row.id.clone());
            known.insert(row.id.clone(), row.id);
        }
        Ok(Self(known))
    }
}

/// Reads the counts at `path`. The order of the columns does not matter, nor do others; names are compared without case.
///
/// # Errors
///
/// When the file cannot be read, or lacks a column.
pub fn read_counts(path: &Path, locations: &KnownLocations) -> Result<CountsReading, ImportError> {
    let file = path.display().to_string();
    let unreadable = |reason: String| ImportError::Unreadable { file: file.clone(), reason };
    let content = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let hash: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let text = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&content);
    let mut csv = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text);
    let header = csv.headers().map_err(|error| unreadable(error.to_string()))?;
    let column = |name: &str| {
        let place = header.iter().position(|column| column.eq_ignore_ascii_case(name));
        place.ok_or_else(|| unreadable(format!("there is no column `{name}`")))
    };
    let columns = Columns { sku: column("sku")?, location: column("location")?, quantity: column("quantity")? };
    let mut reading = CountsReading { content_hash: hash, ..CountsReading::default() };
    let mut counts: BTreeMap<(String, String), Count> = BTreeMap::new();
    for record in csv.records() {
        reading.rows += 1;
        let (line, read) = match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                (line, columns.read(&record, line, locations))
            }
            Err(error) => (error.position().map_or(0, csv::Position::line), Err(error.to_string())),
        };
        let taken = read.and_then(|count| {
            let key = (count.sku.clone(), count.location_id.clone());
            match counts.get(&key) {
                Some(first) => Err(format!("the same level is on line {}", first.line)),
                None => Ok(counts.insert(key, count)),
            }
        });
        if let Err(reason) = taken {
            reading.rejected.push(RejectedRow { line, handle: None, reason });
        }
    }
    reading.counts = counts.into_values().collect();
    Ok(reading)
}

struct Columns {
    sku: usize,
    location: usize,
    quantity: usize,
}

impl Columns {
    fn read(&self, record: &StringRecord, line: u64, locations: &KnownLocations) -> Result<Count, String> {
        let cell = |index: usize, name: &str| {
            record.get(index).filter(|text| !text.is_empty()).ok_or_else(|| format!("column `{name}` is blank"))
        };
        let (sku, location) = (cell(self.sku, "sku")?, cell(self.location, "location")?);
        let text = cell(self.quantity, "quantity")?;
        let quantity = text
            .parse::<i32>()
            .ok()
            .filter(|quantity| *quantity >= 0)
            .ok_or_else(|| format!("column `quantity` is `{text}`; expected a whole number from 0"))?;
        let location_id = locations
            .0
            .get(location)
            .ok_or_else(|| format!("there is no location with the code or id `{location}`"))?;
        Ok(Count {
            line,
            sku: sku.to_owned(),
            location_id: location_id.clone(),
            location: location.to_owned(),
            quantity,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, io::Write};

    use super::{KnownLocations, read_counts};

    #[test]
    fn rows_are_understood_or_reported_by_line() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "\u{feff}Quantity,Date, SKU ,location\n5,x,A,MAIN\n6,x,A,l1\n,x,B,MAIN\n-1,x,B,MAIN\n2,x,B,NOWHERE\n3,x\n0,,B,MAIN\n")
            .unwrap();
        let known = HashMap::from([("MAIN", "l1"), ("l1", "l1")]);
        let known = KnownLocations(known.into_iter().map(|(key, id)| (key.to_owned(), id.to_owned())).collect());
        let reading = read_counts(file.path(), &known).unwrap();
        let counts: Vec<(u64, &str, i32)> =
            reading.counts.iter().map(|count| (count.line, count.sku.as_str(), count.quantity)).collect();
        assert_eq!(counts, [(2, "A", 5), (8, "B", 0)]);
        let lines: Vec<u64> = reading.rejected.iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7]);
        assert_eq!(reading.rejected[0].reason, "the same level is on line 2");
        assert_eq!(reading.content_hash.len(), 64);
    }

    #[test]
    fn a_file_without_a_column_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "sku,place,quantity").unwrap();
        let error = read_counts(file.path(), &KnownLocations::default()).unwrap_err();
        assert!(error.to_string().contains("`location`"), "{error}");
    }
}
