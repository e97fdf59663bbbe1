//! Clouds and their services. Of all of them: the place is the realm whose
//! log it is (`aws:123456789012`, `tenant:ID`), not a host; an account is a
//! user's address in the form of [`Names::account`](crate::names::Names) or an
//! ARN as it stands; `actor.app` is an application's id where there is one.

mod aws;
mod say;

#[cfg(test)]
pub(crate) mod test_support;

pub(super) use aws::Aws;

use super::Row;

/// Names that one field has in the forms in which a record comes.
pub(self) type Key = &'static [&'static str];

/// All values of the first form of a field that has any.
fn all<'a>(row: &Row<'a>, key: Key) -> Vec<&'a str> {
    for form in key {
        let values: Vec<&str> = row.values(form).filter_map(crate::names::present).collect();
        if !values.is_empty() {
            return values;
        }
    }
    Vec::new()
}

/// Whether a field says yes.
fn yes(row: &Row<'_>, key: Key) -> bool {
    row.any(key).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
}

/// Whether a field says no; a field that is not there says neither.
fn no(row: &Row<'_>, key: Key) -> bool {
    row.any(key).is_some_and(|text| text.eq_ignore_ascii_case("false") || text == "0")
}

/// A count of bytes; some services write it with a fraction of nothing.
fn bytes(row: &Row<'_>, key: Key) -> Option<u64> {
    let text = row.any(key)?;
    text.split('.').next()?.parse().ok()
}
