//! The columns of a segment: ours first, then one a field, then `_rest`.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{Type, TypePtr};
use sekisho_event::Kind;

/// Version of the layout, in each segment's key-value metadata.
pub(crate) const VERSION: &str = "1";
/// Key of the version.
pub(crate) const VERSION_KEY: &str = "sekisho.version";
/// Key of the kinds of columns: a JSON object, name to kind, of those that do
/// not hold strings.
pub(crate) const KINDS_KEY: &str = "sekisho.kinds";
/// Key of the names of fields that `_rest` holds: a JSON array, or `null` where
/// it may hold any.
pub(crate) const REST_KEY: &str = "sekisho.rest";

/// Key of where sets of pieces lie (see `grams`): a JSON array with, for each
/// group of rows, the place of the first one and of each the number of the
/// field's column and its bytes.
pub(crate) const GRAMS_KEY: &str = "sekisho.grams";

/// The sets of a group of rows: where they begin, and whose they are and how
/// many bytes each has.
pub(crate) type GramsAt = (u64, Vec<(usize, usize)>);

/// A column of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Time,
    Host,
    Product,
    Channel,
    EventId,
    RecordId,
    Source,
    Offset,
    Ordinal,
    Cell,
    Index,
    Rest,
}

impl Own {
    /// In the order of the file; fields stand before the last.
    pub(crate) const ALL: [Self; 12] = [
        Self::Time,
        Self::Host,
        Self::Product,
        Self::Channel,
        Self::EventId,
        Self::RecordId,
        Self::Source,
        Self::Offset,
        Self::Ordinal,
        Self::Cell,
        Self::Index,
        Self::Rest,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Time => "_time",
            Self::Host => "_host",
            Self::Product => "_product",
            Self::Channel => "_channel",
            Self::EventId => "_event_id",
            Self::RecordId => "_record_id",
            Self::Source => "_source",
            Self::Offset => "_offset",
            Self::Ordinal => "_ordinal",
            Self::Cell => "_cell",
            Self::Index => "_index",
            Self::Rest => "_rest",
        }
    }

    /// What its values are in the file.
    pub(crate) fn physical(self) -> Physical {
        match self {
            Self::Time | Self::RecordId | Self::Offset | Self::Index => Physical::INT64,
            Self::EventId | Self::Source | Self::Ordinal | Self::Cell => Physical::INT32,
            Self::Host | Self::Product | Self::Channel | Self::Rest => Physical::BYTE_ARRAY,
        }
    }

    /// Whether a row may lack it.
    pub(crate) fn optional(self) -> bool {
        !matches!(self, Self::Source | Self::Offset | Self::Ordinal | Self::Cell | Self::Index)
    }

    fn logical(self) -> LogicalType {
        match (self, self.physical()) {
            (Self::Time, _) => LogicalType::timestamp(true, TimeUnit::NANOS),
            (_, Physical::INT64) => LogicalType::integer(64, false),
            (_, Physical::INT32) => LogicalType::integer(32, false),
            _ => LogicalType::String,
        }
    }

    fn column(self) -> Result<TypePtr> {
        let repetition = if self.optional() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        column(self.name(), self.physical(), repetition, self.logical())
    }
}

fn column(
    name: &str,
    physical: Physical,
    repetition: Repetition,
    logical: LogicalType,
) -> Result<TypePtr> {
    Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(Some(logical))
        .build()
        .map(Arc::new)
}

/// The schema of a segment with columns for these fields.
pub(crate) fn of<'a>(fields: impl Iterator<Item = &'a str>) -> Result<TypePtr> {
    let text = |name| column(name, Physical::BYTE_ARRAY, Repetition::OPTIONAL, LogicalType::String);
    let ours = Own::ALL.iter().filter(|&&own| own != Own::Rest).map(|own| own.column());
    let all: Result<Vec<TypePtr>> =
        ours.chain(fields.map(text)).chain([Own::Rest.column()]).collect();
    Type::group_type_builder("schema").with_fields(all?).build().map(Arc::new)
}

/// A kind as it is named in metadata.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "string",
        Kind::Number => "number",
        Kind::Bool => "bool",
        Kind::Null => "null",
    }
}

/// The kind of this name.
pub(crate) fn kind_named(name: &str) -> Option<Kind> {
    [Kind::String, Kind::Number, Kind::Bool, Kind::Null]
        .into_iter()
        .find(|&kind| kind_name(kind) == name)
}
