//! The protected things of the rehearsal as `assets.toml` declares them, so that a case can be asked what was exposed.

use super::truth::{Truth, TruthAsset};

impl TruthAsset {
    /// Its id in `assets.toml`: the name in small letters, with dashes for blanks.
    #[must_use]
    pub fn id(&self) -> String {
        let kept = self.name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ');
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    }

    fn location(&self) -> String {
        match &self.place {
            share if share.starts_with(r"\\") => format!(r"{{ share = '{share}\**' }}"),
            mailbox if mailbox.contains('@') => format!("{{ mailbox = '{mailbox}' }}"),
            _ => format!("{{ host = '{}' }}", self.host),
        }
    }
}

impl Truth {
    /// The text of `assets.toml`.
    #[must_use]
    pub fn to_assets(&self) -> String {
        let one = |asset: &TruthAsset| {
            format!(
                "[[asset]]\nid = \"{}\"\nname = \"{}\"\nlocations = [{}]\n",
                asset.id(),
                asset.name,
                asset.location()
            )
        };
        self.assets.iter().map(one).collect::<Vec<_>>().join("\n")
    }
}
