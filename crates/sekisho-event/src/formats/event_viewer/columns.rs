//! The columns of Event Viewer in the languages of Windows. What is known of
//! them stands in `data/event_viewer_columns.txt`; of a language that is not in
//! there, the five columns are known by their order.

use super::super::csv::{Cast, CodePage, Column, Head, Order, as_it_is, folded, read_date};
use crate::time;

const TABLE: &str = include_str!("../../../data/event_viewer_columns.txt");

/// What a column of Event Viewer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Level,
    Keywords,
    Date,
    Source,
    EventId,
    Task,
    User,
    Computer,
    Log,
    Opcode,
}

/// In the order of the table.
const ROLES: [Role; 10] = [
    Role::Level,
    Role::Keywords,
    Role::Date,
    Role::Source,
    Role::EventId,
    Role::Task,
    Role::User,
    Role::Computer,
    Role::Log,
    Role::Opcode,
];

/// Those without which a table is not one of Event Viewer.
const NEEDED: [Role; 3] = [Role::Date, Role::Source, Role::EventId];

/// The columns as they stand where nobody has changed them.
const USUAL: [Role; 5] = [Role::Level, Role::Date, Role::Source, Role::EventId, Role::Task];

/// A language: what comes first in its dates, and the names of each column.
struct Language {
    name: &'static str,
    order: Order,
    names: Vec<(Role, &'static str)>,
}

fn languages() -> impl Iterator<Item = Language> {
    TABLE.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).filter_map(|line| {
        let mut cells = line.split('|').map(str::trim);
        let name = cells.next()?;
        let order = if cells.next()? == "day" { Order::DayFirst } else { Order::MonthFirst };
        let named = ROLES.iter().zip(cells);
        let names = named.flat_map(|(role, cell)| cell.split(" ; ").map(|name| (*role, name)));
        Some(Language { name, order, names: names.collect() })
    })
}

impl Language {
    /// What each column says.
    fn roles(&self, names: &[String]) -> Vec<Option<Role>> {
        let mut taken = Vec::new();
        let role = |name: &String| {
            let this = self.names.iter().find(|(role, n)| !taken.contains(role) && same(n, name));
            let role = this.map(|(role, _)| *role);
            taken.extend(role);
            role
        };
        names.iter().map(role).collect()
    }
}

/// Whether a column has this name. Of a name in another encoding than UTF-8,
/// only the letters that are the same in both can be compared.
fn same(name: &str, column: &str) -> bool {
    let (name, column) = (folded(name), folded(column));
    if !column.contains('\u{fffd}') {
        return name == column;
    }
    let plain = |text: &str| text.chars().filter(char::is_ascii).collect::<String>();
    let (name, column) = (plain(&name), plain(&column));
    name == column && name.len() > 2
}

/// What the columns say, if they are known in a language, and which that is.
fn known(names: &[String]) -> Option<(Vec<Option<Role>>, Language)> {
    languages().find_map(|language| {
        let roles = language.roles(names);
        NEEDED.iter().all(|role| roles.contains(&Some(*role))).then_some((roles, language))
    })
}

/// The code page of a start that is not in UTF-8: that of the language in
/// which its columns have their names.
pub(super) fn code_page(start: &[u8]) -> Option<CodePage> {
    let end = memchr::memchr(b'\n', start).map_or(start.len(), |at| at + 1);
    let line = start.get(..end)?;
    CodePage::all().find(|&page| {
        let Some(head) = page.text(line).and_then(|text| Head::of(text.as_bytes(), true, 1)) else {
            return false;
        };
        known(&head.names).is_some_and(|(_, l)| CodePage::of_language(l.name) == page)
    })
}

fn roles(names: &[String]) -> Vec<Option<Role>> {
    match known(names) {
        Some((roles, _)) => roles,
        None => names.iter().enumerate().map(|(n, _)| USUAL.get(n).copied()).collect(),
    }
}

/// Whether a table that begins so was saved by Event Viewer.
pub(super) fn plausible(head: &Head, whole: bool) -> bool {
    if known(&head.names).is_some() {
        return !head.rows.is_empty() || whole;
    }
    // In any other language: by what stands in the columns, and by the message
    // that has no name.
    let like = head.rows.iter().filter(|row| {
        let cell = |n: usize| row.get(n).map_or("", |cell| cell.trim());
        row.len() == USUAL.len() + 1
            && dated(cell(1))
            && !cell(2).is_empty()
            && cell(3).parse::<u16>().is_ok()
            && !cell(0).is_empty()
            && cell(0).parse::<f64>().is_err()
    });
    head.names.len() == USUAL.len()
        && !head.rows.is_empty()
        && like.count() * 5 >= head.rows.len() * 4
        && head.names.iter().all(|name| !name.is_empty() && name.len() <= 128)
}

fn dated(cell: &str) -> bool {
    time::parse(cell).is_some() || read_date(cell, Order::DayFirst).is_some()
}

/// The column of the date.
pub(super) fn date(names: &[String]) -> usize {
    roles(names).iter().position(|role| *role == Some(Role::Date)).unwrap_or(1)
}

/// What comes first in a date like 1/2/2026 where nothing tells: in English,
/// the clock of twelve hours stands for the United States.
pub(super) fn usual_order(head: &Head, date: usize) -> Order {
    match known(&head.names) {
        Some((_, language)) if language.name == "en" => {
            let twelve = head.column(date).any(|cell| cell.contains(char::is_alphabetic));
            if twelve { Order::MonthFirst } else { Order::DayFirst }
        }
        Some((_, language)) => language.order,
        None => Order::DayFirst,
    }
}

/// Where the cells go; the message is the one behind the last name.
pub(in crate::formats) fn columns(names: &[String]) -> Vec<Column> {
    let mut out = Vec::new();
    let mut message = false;
    for (index, (name, role)) in names.iter().zip(roles(names)).enumerate() {
        let mut push = |key: &str, cast, keep| {
            out.push(Column { index, path: vec![key.to_owned()], cast, keep });
        };
        match role {
            Some(Role::Level) => push("Level", Cast::Value, false),
            Some(Role::Keywords) => push("Keywords", Cast::Value, false),
            Some(Role::Date) => {
                push("TimeCreated", Cast::Time { utc: false }, false);
                push(name.trim(), Cast::Value, false);
            }
            Some(Role::Source) => push("Provider_Name", Cast::Provider, false),
            Some(Role::EventId) => push("EventID", Cast::Value, true),
            Some(Role::Task) => push("Task", Cast::Value, false),
            Some(Role::User) => push("User", Cast::Value, false),
            Some(Role::Computer) => push("Computer", Cast::Value, false),
            Some(Role::Log) => push("Channel", Cast::Value, false),
            Some(Role::Opcode) => push("Opcode", Cast::Value, false),
            None if !message && is_message(name, index + 1 == names.len()) => {
                message = true;
                push("Message", Cast::Value, false);
            }
            None => out.push(as_it_is(index, name, false)),
        }
    }
    let path = if message { format!("column {}", names.len() + 1) } else { "Message".to_owned() };
    out.push(Column { index: names.len(), path: vec![path], cast: Cast::Value, keep: false });
    out
}

/// Whether a column is that of the message, which somebody has named, or a
/// spreadsheet with nothing.
fn is_message(name: &str, last: bool) -> bool {
    match folded(name).as_str() {
        "" => last,
        name => matches!(name, "message" | "description"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plausible_text(text: &str) -> bool {
        Head::of(text.as_bytes(), true, 1).is_some_and(|head| plausible(&head, true))
    }

    fn names(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn every_language_has_all_columns() {
        let languages: Vec<Language> = languages().collect();
        assert!(languages.len() >= 20);
        for language in &languages {
            for role in ROLES {
                assert!(
                    language.names.iter().any(|(r, n)| *r == role && !n.is_empty()),
                    "{}",
                    language.name
                );
            }
        }
    }

    #[test]
    fn headers_are_known_in_any_language() {
        let row = "x,02.03.2026 08:00:01,Service Control Manager,7045,y,\"a\nb, c\"\n";
        for header in [
            "Level,Date and Time,Source,Event ID,Task Category",
            "Keywords,Date and Time,Source,Event ID,Task Category",
            "レベル,日付と時刻,ソース,イベント ID,タスクのカテゴリ",
            "キーワード,日付と時刻,ソース,イベント ID,タスクのカテゴリ",
            "Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie",
            "Schlüsselwörter,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie",
            "Niveau,Date et heure,Source,ID de l’événement,Catégorie de la tâche",
            "Mots clés,Date et heure,Source,ID de l’événement,Catégorie de la tâche",
            "Date and Time,Source,Event ID,Level,Computer,Log",
            "Seviye,Gün,Yer,Sayı,Tür",
        ] {
            assert!(plausible_text(&format!("{header}\n{row}")), "{header}");
        }
        for text in [
            "Level,Date,Source,Id,Task\nx,2026-03-02 08:00:01,a,1,y\n",
            "a,b,c,d,e\n1,2,3,4,5,6\n",
            "Timestamp,DeviceId,DeviceName,ActionType,FileName\n",
        ] {
            assert!(!plausible_text(text), "{text}");
        }
    }

    #[test]
    fn names_in_another_encoding_are_known() {
        let header = names(
            "Schl\u{fffd}sselw\u{fffd}rter,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie",
        );
        assert_eq!(known(&header).unwrap().0[0], Some(Role::Keywords));
    }

    #[test]
    fn the_order_of_dates_is_that_of_the_language() {
        for (header, row, expected) in [
            (
                "Level,Date and Time,Source,Event ID,Task Category",
                "x,3/2/2026 8:00:01 AM,y,1,z,m",
                Order::MonthFirst,
            ),
            (
                "Level,Date and Time,Source,Event ID,Task Category",
                "x,02/03/2026 08:00:01,y,1,z,m",
                Order::DayFirst,
            ),
            (
                "Niveau,Date et heure,Source,ID de l’événement,Catégorie de la tâche",
                "x,02/03/2026 08:00:01,y,1,z,m",
                Order::DayFirst,
            ),
        ] {
            let text = format!("{header}\n{row}\n");
            let (plan, _) = super::super::look(text.as_bytes(), true);
            assert_eq!((plan.order, plan.assumed), (expected, true), "{header}");
        }
    }
}
