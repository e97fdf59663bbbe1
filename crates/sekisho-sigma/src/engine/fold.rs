//! Case folding: what "case-insensitive" means throughout. One character
//! becomes one character ([`lower`]), so lengths in
//! characters do not change and `?` keeps standing for one of them.

use std::borrow::Cow;

use crate::compare::lower;

/// The lower-case form of a text, borrowed where it is that already.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    Cow::Owned(text.chars().map(lower).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fold_into;

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
