//! The tables of log sources and of names of fields, as they stand in `data/`.

/// Where the events of log sources are found.
pub(super) static LOG_SOURCES: &[&str] = &[
    include_str!("../../data/logsources/windows.tsv"),
    include_str!("../../data/logsources/linux.tsv"),
    include_str!("../../data/logsources/zeek.tsv"),
    include_str!("../../data/logsources/network.tsv"),
    include_str!("../../data/logsources/web.tsv"),
    include_str!("../../data/logsources/cloud.tsv"),
    include_str!("../../data/logsources/other.tsv"),
];

/// What fields are called in them.
pub(super) static FIELDS: &[&str] = &[
    include_str!("../../data/fields/windows.tsv"),
    include_str!("../../data/fields/linux.tsv"),
    include_str!("../../data/fields/zeek.tsv"),
    include_str!("../../data/fields/network.tsv"),
    include_str!("../../data/fields/web.tsv"),
    include_str!("../../data/fields/cloud.tsv"),
    include_str!("../../data/fields/other.tsv"),
];
