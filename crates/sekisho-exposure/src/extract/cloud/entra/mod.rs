//! Entra ID: sign-ins of people, applications and managed identities, the
//! audit log, and calls of Graph. The place is `tenant:` and the tenant's id,
//! as for Microsoft 365.

mod audit;
mod graph;
mod keys;
mod sign_in;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use sekisho_event::Shape;

use super::directory;
use crate::extract::{Extractor, Out, Row};

/// Reads Entra ID's logs.
#[derive(Debug)]
pub(in crate::extract) struct Entra;

static FIELDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let own = keys::ALL.iter().copied().flatten().copied();
    own.chain(directory::AUDIT_PROPERTIES.iter().copied().flatten().copied()).collect()
});

/// Which of its logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    SignIn,
    Audit,
    Graph,
}

fn log(shape: &Shape) -> Option<Log> {
    if shape.product.as_ref() != "azure" {
        return None;
    }
    let channel = shape.channel.to_ascii_lowercase();
    match channel.as_str() {
        "auditlogs" => Some(Log::Audit),
        "microsoftgraphactivitylogs" => Some(Log::Graph),
        other => other.ends_with("signinlogs").then_some(Log::SignIn),
    }
}

impl Extractor for Entra {
    fn fields(&self) -> &'static [&'static str] {
        &FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        log(shape).is_some()
    }

    /// By the id of each record.
    fn tells_apart(&self, _shape: &Shape) -> bool {
        true
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        match log(row.shape()) {
            Some(Log::SignIn) => sign_in::read(row, out),
            Some(Log::Audit) => audit::read(row, out),
            Some(Log::Graph) => graph::read(row, out),
            None => {}
        }
    }
}
