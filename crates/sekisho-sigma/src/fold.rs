//! Case folding: what "case-insensitive" means throughout. One character
//! becomes one character (Unicode simple lower-casing), so lengths in
//! characters do not change and `?` keeps standing for one of them.

use std::borrow::Cow;

/// The lower-case form of one character; itself where there is no single one.
#[must_use]
pub fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The lower-case form of a text, borrowed where it is that already.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    Cow::Owned(text.chars().map(fold_char).collect())
}

/// Appends the lower-case form of a text.
pub fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let at = out.len();
        out.push_str(text);
        if let Some(tail) = out.get_mut(at..) {
            tail.make_ascii_lowercase();
        }
    } else {
        out.extend(text.chars().map(fold_char));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_the_number_of_characters() {
        for text in ["ABC", "Straße", "İstanbul", "ΑΣ", "ǅ", "K"] {
            assert_eq!(fold(text).chars().count(), text.chars().count(), "{text}");
            let mut out = String::from("x");
            fold_into(text, &mut out);
            assert_eq!(out, format!("x{}", fold(text)));
        }
    }
}
