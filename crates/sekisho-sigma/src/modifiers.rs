//! The modifiers of a field: `Field|contains|all` to a checked [`Chain`].
//! Which of them go together, and in which order, is decided here.

use crate::encode::{Base64, Wide};
use crate::rule::{Ordering, Relation, TimePart};

/// What the modifiers of a field ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chain {
    pub(crate) all: bool,
    pub(crate) negated: bool,
    pub(crate) cased: bool,
    pub(crate) expand: bool,
    pub(crate) windash: bool,
    pub(crate) wide: Option<Wide>,
    pub(crate) base64: Option<Base64>,
    pub(crate) relation: Option<Relation>,
    pub(crate) kind: Kind,
}

/// What the values are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Kind {
    #[default]
    Plain,
    Regex {
        flags: String,
    },
    Cidr,
    FieldRef,
    Exists,
    Compare(Ordering),
    Time(TimePart, Option<Ordering>),
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain values",
            Self::Regex { .. } => "re",
            Self::Cidr => "cidr",
            Self::FieldRef => "fieldref",
            Self::Exists => "exists",
            Self::Compare(_) => "lt, lte, gt, gte",
            Self::Time(..) => "a part of time",
        }
    }
}

/// Reads what follows a field's name, split at `|`.
pub(crate) fn chain<'a>(modifiers: impl Iterator<Item = &'a str>) -> Result<Chain, String> {
    let mut chain = Chain::default();
    for modifier in modifiers {
        apply(&mut chain, modifier)?;
    }
    check(&chain)?;
    Ok(chain)
}

fn apply(chain: &mut Chain, modifier: &str) -> Result<(), String> {
    if let Some(wide) = Wide::named(modifier) {
        if chain.base64.is_some() {
            return Err(format!("`{modifier}` after base64, expected before it"));
        }
        return once(&mut chain.wide, wide, modifier);
    }
    if let Some(relation) = relation(modifier) {
        return once(&mut chain.relation, relation, modifier);
    }
    if let Some(ordering) = ordering(modifier) {
        return order(chain, ordering, modifier);
    }
    if let Some(part) = time_part(modifier) {
        let given = match chain.kind {
            Kind::Compare(ordering) => {
                chain.kind = Kind::Plain;
                Some(ordering)
            }
            _ => None,
        };
        return become_kind(chain, Kind::Time(part, given), modifier);
    }
    if let Some(flag) = regex_flag(modifier) {
        return match &mut chain.kind {
            Kind::Regex { flags } => {
                if !flags.contains(flag) {
                    flags.push_str(flag);
                }
                Ok(())
            }
            _ => Err(format!("`{modifier}` without `re` before it")),
        };
    }
    match modifier {
        "all" => chain.all = true,
        "neq" => chain.negated = true,
        "cased" => chain.cased = true,
        "expand" => chain.expand = true,
        "windash" => chain.windash = true,
        "base64" | "base64offset" => {
            if chain.relation.is_some() {
                return Err(format!(
                    "`{modifier}` after a modifier that adds wildcards, expected before it"
                ));
            }
            let kind = if modifier == "base64" { Base64::Whole } else { Base64::Offsets };
            return once(&mut chain.base64, kind, modifier);
        }
        "re" => return become_kind(chain, Kind::Regex { flags: String::new() }, modifier),
        "cidr" => return become_kind(chain, Kind::Cidr, modifier),
        "fieldref" => return become_kind(chain, Kind::FieldRef, modifier),
        "exists" => return become_kind(chain, Kind::Exists, modifier),
        "" => return Err("empty modifier, expected a name after `|`".to_owned()),
        _ => return Err(format!("unknown modifier `{modifier}`")),
    }
    Ok(())
}

fn once<T: PartialEq>(slot: &mut Option<T>, value: T, modifier: &str) -> Result<(), String> {
    match slot {
        Some(before) if *before != value => {
            Err(format!("`{modifier}` after another modifier of its kind, expected one of them"))
        }
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

fn become_kind(chain: &mut Chain, kind: Kind, modifier: &str) -> Result<(), String> {
    if chain.kind != Kind::Plain && chain.kind != kind {
        let before = chain.kind.name();
        return Err(format!("`{modifier}` does not go with `{before}`"));
    }
    chain.kind = kind;
    Ok(())
}

fn order(chain: &mut Chain, ordering: Ordering, modifier: &str) -> Result<(), String> {
    match &mut chain.kind {
        Kind::Time(_, given) => once(given, ordering, modifier),
        _ => become_kind(chain, Kind::Compare(ordering), modifier),
    }
}

fn relation(modifier: &str) -> Option<Relation> {
    Some(match modifier {
        "contains" => Relation::Contains,
        "startswith" => Relation::StartsWith,
        "endswith" => Relation::EndsWith,
        _ => return None,
    })
}

fn ordering(modifier: &str) -> Option<Ordering> {
    Some(match modifier {
        "lt" => Ordering::Less,
        "lte" => Ordering::LessOrEqual,
        "gt" => Ordering::Greater,
        "gte" => Ordering::GreaterOrEqual,
        _ => return None,
    })
}

fn time_part(modifier: &str) -> Option<TimePart> {
    Some(match modifier {
        "minute" => TimePart::Minute,
        "hour" => TimePart::Hour,
        "day" => TimePart::Day,
        "week" => TimePart::Week,
        "month" => TimePart::Month,
        "year" => TimePart::Year,
        _ => return None,
    })
}

fn regex_flag(modifier: &str) -> Option<&'static str> {
    Some(match modifier {
        "i" | "ignorecase" => "i",
        "m" | "multiline" => "m",
        "s" | "dotall" => "s",
        _ => return None,
    })
}

/// What no single modifier can know: whether they fit each other.
fn check(chain: &Chain) -> Result<(), String> {
    let kind = chain.kind.name();
    let encoded = chain.wide.is_some() || chain.base64.is_some();
    let refuse = |what: &str| Err(format!("`{what}` does not go with `{kind}`"));
    match chain.kind {
        Kind::Plain => return Ok(()),
        _ if encoded => return refuse("base64 or wide"),
        _ if chain.windash => return refuse("windash"),
        Kind::Regex { .. } | Kind::FieldRef => {}
        _ if chain.relation.is_some() => return refuse("contains, startswith or endswith"),
        _ if chain.cased => return refuse("cased"),
        _ => {}
    }
    match chain.kind {
        Kind::FieldRef | Kind::Exists if chain.expand => refuse("expand"),
        Kind::Exists if chain.negated => refuse("neq"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Chain, String> {
        chain(text.split('|'))
    }

    #[test]
    fn chains_that_make_sense() {
        for text in [
            "contains",
            "contains|all",
            "all|contains",
            "contains|windash|all",
            "wide|base64offset|contains",
            "utf16le|base64",
            "re|i|m|s",
            "re|ignorecase|dotall",
            "expand|re",
            "re|startswith",
            "cidr|all",
            "cidr|neq",
            "fieldref|startswith|neq",
            "endswith|fieldref|cased",
            "exists",
            "gte",
            "hour|gte",
            "gte|hour",
            "neq|contains|expand|cased",
            "lt|neq",
            "contains|contains",
        ] {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text));
        }
        assert_eq!(read("hour|gte"), read("gte|hour"));
    }

    #[test]
    fn chains_that_do_not() {
        for text in [
            "",
            "contain",
            "startswith|endswith",
            "i",
            "i|re",
            "re|cidr",
            "re|base64",
            "re|windash",
            "contains|cidr",
            "cased|cidr",
            "base64|wide",
            "contains|base64",
            "base64|base64offset",
            "wide|utf16be",
            "exists|contains",
            "exists|neq",
            "exists|cased",
            "gt|contains",
            "gt|lt",
            "hour|day",
            "hour|re",
            "hour|gt|lt",
            "fieldref|re",
            "fieldref|expand",
            "fieldref|base64",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
