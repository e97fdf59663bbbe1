//! Fields that a record tells in several values: a command line as the list
//! of its arguments, a path as its folder and its name, bytes as a list of
//! numbers. The record itself is shown as it is.

use super::read::{raw, text};
use super::roles::{Meaning, Part};
use super::scan::{Cell, Token};

/// A field that is made of others.
#[derive(Debug)]
struct Recipe {
    product: &'static str,
    channel: &'static str,
    field: &'static str,
    /// What its parts are called, in the order in which they are joined.
    parts: [&'static str; 2],
    between: char,
}

const RECIPES: &[Recipe] = &[
    Recipe {
        product: "macos",
        channel: "exec",
        field: "CommandLine",
        parts: ["event.exec.args", ""],
        between: ' ',
    },
    Recipe {
        product: "macos",
        channel: "create",
        field: "TargetFilename",
        parts: [
            "event.create.destination.new_path.dir.path",
            "event.create.destination.new_path.filename",
        ],
        between: '/',
    },
    Recipe {
        product: "macos",
        channel: "rename",
        field: "TargetFilename",
        parts: [
            "event.rename.destination.new_path.dir.path",
            "event.rename.destination.new_path.filename",
        ],
        between: '/',
    },
];

/// What a path means in records of a kind, if it is a part of something. The
/// second name is that of what is made.
pub(super) fn meaning(product: &str, channel: &str, path: &str) -> Option<Meaning> {
    for (n, recipe) in RECIPES.iter().enumerate() {
        let part = recipe.parts.iter().position(|part| *part == path);
        if let (Some(part), true, true) =
            (part, recipe.product == product, recipe.channel == channel)
        {
            let (recipe_number, part) = (u8::try_from(n).ok()?, u8::try_from(part).ok()?);
            let part = Part::Joined(recipe_number, part);
            return Some(Meaning { part, ..Meaning::field(path).also(recipe.field) });
        }
    }
    // The journal writes a value that is no text as a list of its bytes, and
    // no other numbers.
    let journal = product == "linux" && channel.is_empty();
    journal.then(|| Meaning { part: Part::Bytes, ..Meaning::field(path) })
}

/// The values of one field, put together.
#[derive(Debug, Default)]
pub(super) struct Joined {
    parts: [Vec<String>; 2],
    bytes: Vec<u8>,
}

impl Joined {
    /// Takes a value.
    pub(super) fn take(&mut self, part: Part, bytes: &[u8], cell: &Cell) {
        match part {
            Part::Joined(_, part) => {
                if let Some(values) = self.parts.get_mut(usize::from(part)) {
                    values.push(text(bytes, cell));
                }
            }
            _ => {
                let digits = std::str::from_utf8(raw(bytes, cell)).ok();
                let number: Option<u8> = digits.and_then(|n| n.parse().ok());
                self.bytes.extend(number);
            }
        }
    }

    /// What they say together.
    pub(super) fn make(&self, part: Part) -> String {
        let Part::Joined(recipe, _) = part else {
            return String::from_utf8_lossy(&self.bytes).into_owned();
        };
        let between = RECIPES.get(usize::from(recipe)).map_or(' ', |recipe| recipe.between);
        let mut out = String::new();
        for value in self.parts.iter().flatten() {
            if !out.is_empty() && !out.ends_with('/') || (between == ' ' && !out.is_empty()) {
                out.push(between);
            }
            out.push_str(value);
        }
        out
    }
}

/// Whether a value is put together with others, and is no value of its own.
pub(super) fn is_piece(part: Part, token: Token) -> bool {
    part == Part::Bytes && token == Token::Number
}

/// What two values must have in common to be put together: what is made of
/// them, by the recipe's number or by the path.
pub(super) type Group = (u8, u32);

/// Of what a value is a part.
pub(super) fn group(part: Part, path: u32) -> Option<Group> {
    match part {
        Part::Joined(recipe, _) => Some((recipe, 0)),
        Part::Bytes => Some((u8::MAX, path)),
        _ => None,
    }
}
