//! The evidence on disk.
