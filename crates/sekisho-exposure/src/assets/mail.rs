//! Mail: mailboxes, folders, messages.

use super::fit::{Fit, Match};
use super::glob::Glob;
use super::pattern::{PathPattern, SeenPart, SeenPath};
use crate::names::folded;

/// Stands for all mailboxes, or all sites.
pub(crate) const ALL: &str = "*";

/// Stands for a mailbox or site that the record does not name.
pub(crate) const SOME: &str = "?";

/// Whose mail.
#[derive(Clone, Debug)]
pub struct Mailbox {
    address: Glob,
}

/// A folder, with all below it.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathPattern,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    id: Glob,
}

impl Mailbox {
    pub(super) fn of(text: &str) -> Result<Self, String> {
        Ok(Self { address: Glob::new(bare(&folded(text)))? })
    }

    /// The address, where it is no pattern.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.is_plain().then(|| self.address.text())
    }

    /// The user of the address, where it is no pattern.
    pub(super) fn user(&self) -> Option<&str> {
        self.address().map(|address| parts(address).0)
    }

    /// Whether a name in a record is this mailbox. Another name of the same
    /// user (the tenant's own domain, an account without its domain) may be.
    pub(super) fn matches(&self, seen: &str) -> Match {
        let seen = bare(seen);
        if seen == SOME {
            return Match::maybe(Fit::Is);
        }
        if seen == ALL || self.address.matches(seen) {
            return Match::sure(Fit::Is);
        }
        let ((user, domain), (other, other_domain)) = (parts(self.address.text()), parts(seen));
        let tenant = |domain: &str| domain.ends_with(".onmicrosoft.com");
        let open = match (domain, other_domain) {
            (Some(a), Some(b)) => a == b || tenant(a) || tenant(b),
            _ => true,
        };
        if user == other && open { Match::maybe(Fit::Is) } else { Match::NO }
    }
}

/// Without `smtp:` and brackets.
pub(super) fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = ["smtp:", "mailto:"].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    text.trim_matches(['<', '>'])
}

/// User and domain of an address, an account, or an Exchange name
/// (`/o=…/cn=recipients/cn=…-user`).
fn parts(text: &str) -> (&str, Option<&str>) {
    if let Some((user, domain)) = text.rsplit_once('@') {
        return (user, Some(domain));
    }
    if let Some((_, user)) = text.rsplit_once("/cn=") {
        return (user.split_once('-').map_or(user, |(_, user)| user), None);
    }
    (text.rsplit_once('\\').map_or(text, |(_, user)| user), None)
}

/// The user of a mailbox as a record names it.
pub(super) fn user_of(seen: &str) -> &str {
    parts(bare(seen)).0
}

impl Folder {
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let text = folded(text);
        Ok(Self { path: PathPattern::of(folder_parts(&text))? })
    }

    /// Whether it is where new mail comes in, or may be.
    pub(crate) fn is_inbox(&self) -> bool {
        let mut parts = self.path.root();
        parts.next().is_none_or(|first| first == "inbox") && parts.next().is_none()
    }
}

impl Message {
    pub(super) fn of(text: &str) -> Result<Self, String> {
        Ok(Self { id: Glob::new(bare(&folded(text)))? })
    }

    /// Whether a record means this message.
    pub(crate) fn names(&self, seen: &str) -> bool {
        self.is(seen) == Some(true)
    }

    /// The id, where it is no pattern.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.is_plain().then(|| self.id.text())
    }

    /// `None` where the two are ids of different kinds.
    fn is(&self, seen: &str) -> Option<bool> {
        let seen = bare(seen);
        if self.id.matches(seen) {
            return Some(true);
        }
        (seen.contains('@') == self.id.text().contains('@')).then_some(false)
    }
}

/// Whether two records name one folder, in whatever languages.
pub(crate) fn is_one_folder(one: &str, other: &str) -> bool {
    folder_parts(one) == folder_parts(other)
}

/// Components of a folder's path, the first by its name in English.
fn folder_parts(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> =
        text.split(['\\', '/']).map(str::trim).filter(|part| !part.is_empty()).collect();
    // Exchange writes the root as "Top of Information Store".
    if parts.len() > 1 && parts.first() == Some(&"top of information store") {
        parts.remove(0);
    }
    if let Some(first) = parts.first_mut() {
        *first = well_known(first);
    }
    parts
}

/// Folders that every mailbox has, by the names that Exchange gives them in
/// languages that it is set to.
const WELL_KNOWN: &[(&str, &[&str])] = &[
    (
        "inbox",
        &[
            "posteingang",
            "boîte de réception",
            "bandeja de entrada",
            "posta in arrivo",
            "caixa de entrada",
            "postvak in",
            "skrzynka odbiorcza",
            "受信トレイ",
            "收件箱",
            "收件匣",
            "받은 편지함",
            "входящие",
            "inkorgen",
            "indbakke",
            "innboks",
            "saapuneet",
            "doručená pošta",
            "gelen kutusu",
            "beérkezett üzenetek",
            "εισερχόμενα",
        ],
    ),
    (
        "sent items",
        &[
            "gesendete elemente",
            "éléments envoyés",
            "elementos enviados",
            "posta inviata",
            "itens enviados",
            "verzonden items",
            "elementy wysłane",
            "送信済みアイテム",
            "已发送邮件",
            "寄件備份",
            "보낸 편지함",
            "отправленные",
            "skickat",
            "sendt post",
            "sendte elementer",
            "lähetetyt",
            "odeslaná pošta",
            "gönderilmiş öğeler",
            "elküldött elemek",
        ],
    ),
    (
        "deleted items",
        &[
            "gelöschte elemente",
            "éléments supprimés",
            "elementos eliminados",
            "posta eliminata",
            "itens excluídos",
            "verwijderde items",
            "elementy usunięte",
            "削除済みアイテム",
            "已删除邮件",
            "刪除的郵件",
            "지운 편지함",
            "удаленные",
            "borttaget",
            "slettet post",
            "slettede elementer",
            "poistetut",
            "odstraněná pošta",
            "silinmiş öğeler",
        ],
    ),
    (
        "drafts",
        &[
            "entwürfe",
            "brouillons",
            "borradores",
            "bozze",
            "rascunhos",
            "concepten",
            "wersje robocze",
            "下書き",
            "草稿",
            "임시 보관함",
            "черновики",
            "utkast",
            "kladder",
            "luonnokset",
            "koncepty",
            "taslaklar",
        ],
    ),
    (
        "junk email",
        &[
            "junk e-mail",
            "junk-e-mail",
            "courrier indésirable",
            "correo no deseado",
            "posta indesiderata",
            "lixo eletrônico",
            "ongewenste e-mail",
            "wiadomości-śmieci",
            "迷惑メール",
            "垃圾邮件",
            "垃圾郵件",
            "정크 메일",
            "нежелательная почта",
            "skräppost",
        ],
    ),
    (
        "archive",
        &[
            "archiv",
            "archives",
            "archivo",
            "archivio",
            "arquivo morto",
            "archief",
            "archiwum",
            "アーカイブ",
            "存档",
            "封存",
            "보관",
            "архив",
            "arkiv",
            "arkisto",
        ],
    ),
];

fn well_known(folder: &str) -> &str {
    let named = |(own, others): &&(&str, &[&str])| *own == folder || others.contains(&folder);
    WELL_KNOWN.iter().find(named).map_or(folder, |(own, _)| own)
}

/// How mail that was touched relates to mail that is declared. `folder` and
/// `message` are each what is declared, and what was seen.
pub(super) fn fit(
    owner: Match,
    folder: (Option<&Folder>, Option<&str>),
    message: (Option<&Message>, Option<&str>),
    whole: bool,
) -> Match {
    if owner.fit == Fit::No {
        return Match::NO;
    }
    let found = match message {
        (Some(own), Some(seen)) => match own.is(seen) {
            // Wherever it was moved to.
            Some(true) => Match::sure(Fit::Is),
            Some(false) => Match::NO,
            None => in_folder(folder, true, whole).doubt(),
        },
        (Some(_), None) => above(in_folder(folder, false, whole), whole),
        (None, seen) => in_folder(folder, seen.is_some(), whole && seen.is_none()),
    };
    if owner.certain { found } else { found.doubt() }
}

/// A folder that has a declared message in it, perhaps.
fn above(found: Match, whole: bool) -> Match {
    match (found.fit, whole) {
        (Fit::No | Fit::NameOnly, _) => Match::NO,
        (_, true) => Match { fit: Fit::Whole, certain: found.certain },
        (_, false) => Match { fit: Fit::Contains, certain: found.certain },
    }
}

fn in_folder(folder: (Option<&Folder>, Option<&str>), one: bool, whole: bool) -> Match {
    match folder {
        (None, None) if whole => Match::sure(Fit::Whole),
        (None, _) => Match::sure(Fit::Is),
        // A message of a folder that is not said may be of this one.
        (Some(_), None) if one => Match::maybe(Fit::Is),
        (Some(_), None) => Match::sure(if whole { Fit::Whole } else { Fit::Contains }),
        (Some(own), Some(seen)) => {
            let parts = folder_parts(seen).into_iter().map(SeenPart::Text).collect();
            own.path.matches(&SeenPath { parts, loose: false, exact: true }, whole)
        }
    }
}
