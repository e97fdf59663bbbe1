//! Declarations good and bad, and what they relate to.

use proptest::prelude::*;

use super::*;

/// Assets of places: one asset a place.
fn declared(places: &[&str], names: &mut Names) -> Assets {
    let mut text = String::new();
    for (at, place) in places.iter().enumerate() {
        text.push_str(&format!("[[asset]]\nid = 'a{at}'\nlocations = [{place}]\n"));
    }
    let (assets, notices) = Assets::parse(&text, names).unwrap();
    assert_eq!(notices, [], "{text}");
    assets
}

fn said(assets: &Assets, object: &Object, whole: bool, names: &Names) -> Match {
    let shares = Shares::default();
    let view = View { names, hosts: &|host| host, shares: &shares };
    let found = assets.all[0].matches(object, whole, &view);
    let index = assets.index(&view).find(object, whole, &view);
    let indexed = index.iter().find(|f| f.asset == 0).map(|f| f.found).unwrap_or_default();
    let plain = if found.fit == Fit::No { Match::NO } else { found };
    assert_eq!(indexed, plain, "{object:?}");
    found
}

fn file(host: &str, path: &str, names: &mut Names) -> Object {
    Object::File { host: names.host(host), path: names.of(path) }
}

fn check_path(place: &str, path: &str, expected: Match) {
    let mut names = Names::default();
    let assets = declared(&[place], &mut names);
    let object = file("FS01", path, &mut names);
    assert_eq!(said(&assets, &object, false, &names), expected, "{place}: {path}");
}

const PLANS: &str = r"{ host = 'FS01', path = 'D:\Plans\**' }";

#[test]
fn files_by_path() {
    let is = Match::sure(Fit::Is);
    let may = Match::maybe(Fit::Is);
    for path in [
        r"D:\Plans",
        r"D:\Plans\a.docx",
        r"d:/PLANS/x/y.txt",
        r"\??\D:\Plans\a.docx",
        r"\\?\D:\Plans\a.docx",
        r"\\FS01\D$\Plans\a.docx",
        r"\\fs01.example.org\d$\plans\a.docx",
        r"file:///D:/Plans/a.docx",
        r"D:\Plans\*.docx",
        r"D:\Other\..\Plans\a.docx",
        r"\\localhost\D$\Plans\a.docx",
    ] {
        check_path(PLANS, path, is);
    }
    check_path(PLANS, r"\Device\HarddiskVolume4\Plans\a.docx", may);
    check_path(PLANS, r"plans\a.docx", may);
    check_path(PLANS, r"D:\", Match::sure(Fit::Contains));
    for path in [
        r"D:\Plan",
        r"D:\Plans2\a.docx",
        r"E:\Plans\a.docx",
        "/plans/a.docx",
        r"\\FS02\D$\Plans\a",
        "a.docx",
    ] {
        check_path(PLANS, path, Match::NO);
    }
    let one = r"{ host = 'FS01', path = 'D:\Plans\a.docx' }";
    check_path(one, "a.docx", Match::sure(Fit::NameOnly));
    check_path(one, r"D:\Plans\*.docx", is);
    check_path(one, r"D:\Plans", Match::sure(Fit::Contains));
    check_path(one, r"D:\Plans\a.docx:Zone.Identifier", is);
    check_path(one, r"%USERPROFILE%\a.docx", Match::sure(Fit::NameOnly));
    let deep = r"{ host = 'FS01', path = '**\*.kdbx' }";
    check_path(deep, r"C:\Users\ann\x.kdbx", is);
    check_path(deep, r"C:\Users\ann\x.txt", Match::NO);
    check_path(
        r"{ host = 'FS01', path = 'C:\Users\*\Secret[12]\**' }",
        r"C:\Users\ann\secret2\x",
        is,
    );
    check_path(
        r"{ host = 'FS01', path = 'C:\Users\*\Secret' }",
        r"C:\Users\ann",
        Match::maybe(Fit::Contains),
    );
    check_path("{ host = 'FS01', path = '/srv/plans' }", "/srv/plans/x", is);
    check_path("{ host = 'FS*', path = '/srv/plans' }", "/srv/plans/x", is);
    check_path("{ host = 'FS01' }", r"C:\x", is);
    check_path("{ host = 'FS02' }", r"C:\x", Match::NO);
}

#[test]
fn a_touch_of_all_below_covers_what_is_below() {
    let mut names = Names::default();
    let assets = declared(&[r"{ host = 'FS01', path = 'D:\Plans\*\a.docx' }"], &mut names);
    for (path, fit) in [(r"D:\", Fit::Whole), (r"D:\Plans\x", Fit::Whole), (r"D:\Other", Fit::No)] {
        let object = file("FS01", path, &mut names);
        assert_eq!(said(&assets, &object, true, &names).fit, fit, "{path}");
    }
}

fn shared(host: &str, share: &str, path: &str, local: Option<&str>, names: &mut Names) -> Object {
    let host = names.host(host);
    let local = local.map(|local| names.of(local));
    Object::Shared { host, share: names.of(share), path: names.of(path), local }
}

#[test]
fn files_in_shares() {
    let by_share = r"{ share = '\\FS01\Plans\**' }";
    for (place, share, path, local, expected) in [
        (by_share, "Plans", r"x\a.docx", None, Match::sure(Fit::Is)),
        (by_share, r"\\*\Plans", "", None, Match::sure(Fit::Is)),
        (by_share, "Other", "a", None, Match::NO),
        (
            r"{ host = 'FS01', share = 'Plans', path = 'x\**' }",
            "Plans",
            "",
            None,
            Match::sure(Fit::Contains),
        ),
        (PLANS, "Plans", "a.docx", Some(r"\??\D:\Plans"), Match::sure(Fit::Is)),
        (PLANS, "Plans", "a.docx", Some(r"\??\E:\Plans"), Match::NO),
        (PLANS, "D$", r"Plans\a.docx", None, Match::sure(Fit::Is)),
        (PLANS, "D$", "", None, Match::sure(Fit::Contains)),
        (PLANS, "Plans", "a.docx", None, Match::maybe(Fit::Is)),
        (PLANS, "Data", "a.docx", None, Match::NO),
        (PLANS, "Data", "", None, Match::maybe(Fit::Contains)),
        (PLANS, "IPC$", "lsass", None, Match::NO),
        (r"{ share = '\\example.org\SYSVOL' }", "sysvol", "x", None, Match::maybe(Fit::Is)),
        (
            r"{ host = 'FS01', path = 'C:\Windows\SYSVOL' }",
            "SYSVOL",
            "x",
            None,
            Match::maybe(Fit::Is),
        ),
    ] {
        let mut names = Names::default();
        let assets = declared(&[place], &mut names);
        let object = shared("FS01", share, path, local, &mut names);
        assert_eq!(said(&assets, &object, false, &names), expected, "{place}: {share} {path}");
    }
}

#[test]
fn the_folder_of_a_share_is_learned() {
    let mut names = Names::default();
    let assets = declared(&[r"{ share = '\\FS01\Pläne\x' }"], &mut names);
    let host = names.host("FS01").unwrap();
    let mut shares = Shares::default();
    shares.declare(host, "Pläne", r"\??\E:\Data");
    let object = file("FS01", r"E:\Data\x\a.docx", &mut names);
    let view = View { names: &names, hosts: &|host| host, shares: &shares };
    assert_eq!(assets.all[0].matches(&object, false, &view), Match::sure(Fit::Is));
    assert_eq!(assets.index(&view).find(&object, false, &view).len(), 1);
}

#[test]
fn mail() {
    let inbox = "{ mailbox = 'staff@example.org', folder = 'Inbox' }";
    let one = "{ mailbox = 'staff@example.org', message = '<1@example.org>' }";
    let all = "{ mailbox = 'Staff@Example.org' }";
    let (is, may) = (Match::sure(Fit::Is), Match::maybe(Fit::Is));
    for (place, mailbox, folder, message, expected) in [
        (all, "staff@example.org", None, None, is),
        (all, "staff@example.com", None, None, Match::NO),
        (all, "staff@example.onmicrosoft.com", None, None, may),
        (all, "example\\staff", Some("Inbox"), None, may),
        (inbox, "staff@example.org", Some("\\Inbox"), Some("x@y"), is),
        (inbox, "staff@example.org", Some("\\Posteingang\\Sub"), None, is),
        (inbox, "staff@example.org", Some("Sent Items"), None, Match::NO),
        (inbox, "staff@example.org", None, None, Match::sure(Fit::Contains)),
        (inbox, "staff@example.org", None, Some("x@y"), may),
        (one, "staff@example.org", Some("\\Inbox"), Some("<1@example.org>"), is),
        (one, "staff@example.org", None, Some("1@EXAMPLE.org"), is),
        (one, "staff@example.org", None, Some("2@example.org"), Match::NO),
        (one, "staff@example.org", None, Some("AAkALgAAAAAA"), may),
        (one, "staff@example.org", Some("Inbox"), None, Match::sure(Fit::Contains)),
    ] {
        let mut names = Names::default();
        let assets = declared(&[place], &mut names);
        let object = Object::Mail {
            mailbox: names.of(mailbox),
            folder: folder.map(|folder| names.of(folder)),
            message: message.map(|message| names.of(message)),
        };
        let found = said(&assets, &object, false, &names);
        assert_eq!(found, expected, "{place}: {mailbox} {folder:?} {message:?}");
    }
}

#[test]
fn buckets() {
    let is = Match::sure(Fit::Is);
    let above = Match::sure(Fit::Contains);
    for (place, key, whole, expected) in [
        ("{ bucket = 'plans', prefix = '2024/' }", Some("2024/a.pdf"), false, is),
        ("{ bucket = 'plans', prefix = '2024/' }", Some("2025/a.pdf"), false, Match::NO),
        ("{ bucket = 'plans', prefix = '2024/' }", None, false, above),
        ("{ bucket = 'plans', prefix = '2024/' }", None, true, Match::sure(Fit::Whole)),
        ("{ bucket = 'plans', prefix = '2024/' }", Some("20"), true, Match::sure(Fit::Whole)),
        ("{ bucket = 'plans', prefix = '2024/' }", Some("20"), false, Match::NO),
        ("{ bucket = 'plans', prefix = '2024/re' }", Some("2024/report"), false, is),
        ("{ bucket = 'plans', key = '2024/a.pdf' }", Some("2024/a.pdf"), false, is),
        ("{ bucket = 'plans', key = '2024/a.pdf' }", Some("2024/"), false, above),
        ("{ bucket = 'plans', key = '2024/a.pdf' }", Some("2024/a.pdf2"), false, Match::NO),
        (
            "{ bucket = 'plans', key = '2024/a.pdf' }",
            Some("2024/*"),
            false,
            Match::maybe(Fit::Whole),
        ),
        ("{ bucket = 'pl*', prefix = '**/*.pdf' }", Some("2024/a.pdf"), false, is),
        ("{ bucket = 's3://plans/2024/' }", Some("2024/a.pdf"), false, is),
        ("'s3://plans/2024/'", Some("2024/a.pdf"), false, is),
        ("{ bucket = 'arn:aws:s3:::plans' }", None, false, is),
        ("{ bucket = 'other' }", None, true, Match::NO),
    ] {
        let mut names = Names::default();
        let assets = declared(&[place], &mut names);
        let key = key.map(|key| names.of(key));
        let object = Object::Bucket { bucket: names.of("plans"), key };
        assert_eq!(said(&assets, &object, whole, &names), expected, "{place}: {key:?}");
    }
}

#[test]
fn sites() {
    let site = "{ site = 'https://example.sharepoint.com/sites/plans/', path = 'Shared Documents/**/*.docx' }";
    let all = "{ site = 'https://example.sharepoint.com/sites/plans', path = '**' }";
    let own = "{ site = 'https://example-my.sharepoint.com/personal/ann_example_org', path = 'Documents/Plan.docx' }";
    let is = Match::sure(Fit::Is);
    for (place, url, expected) in [
        (all, "https://example.sharepoint.com/sites/Plans/Shared%20Documents/a.docx", is),
        (all, "https://example.sharepoint.com:443/sites/plans?web=1", is),
        (all, "https://example.sharepoint.com/:w:/r/sites/plans/Shared Documents/a.docx", is),
        (all, "https://example.sharepoint.com/sites/plans2/a.docx", Match::NO),
        (all, "https://example.sharepoint.com/", Match::sure(Fit::Contains)),
        (all, "/sites/plans/x", Match::maybe(Fit::Is)),
        (site, "https://example.sharepoint.com/sites/plans/Shared Documents/x/a.docx", is),
        (site, "https://example.sharepoint.com/sites/plans/Shared%20Documents/a.pdf", Match::NO),
        (
            site,
            "https://example.sharepoint.com/sites/plans/Forms/AllItems.aspx?id=%2Fsites%2Fplans%2FShared%20Documents%2Fa%2Edocx",
            is,
        ),
        (own, "https://example-my.sharepoint.com/personal/ann_example_org/Documents/Plan.docx", is),
        (
            own,
            "https://example-my.sharepoint.com/personal/ann_example_org/_layouts/15/Doc.aspx?sourcedoc=%7B0%7D&file=Plan.docx",
            Match::maybe(Fit::NameOnly),
        ),
        (
            own,
            "https://example-my.sharepoint.com/personal/bob_example_org/Documents/Plan.docx",
            Match::NO,
        ),
    ] {
        let mut names = Names::default();
        let assets = declared(&[place], &mut names);
        let object = Object::Site { url: names.of(url) };
        assert_eq!(said(&assets, &object, false, &names), expected, "{place}: {url}");
    }
}

#[test]
fn secrets_snapshots_credentials() {
    let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf";
    let short = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db";
    let other = "arn:aws:secretsmanager:eu-west-1:444455556666:secret:prod/db-AbCdEf";
    let (is, may) = (Match::sure(Fit::Is), Match::maybe(Fit::Is));
    for (place, id, expected) in [
        (arn, arn, is),
        (arn, short, is),
        (short, arn, is),
        (arn, "prod/db", is),
        ("prod/db", arn, is),
        (arn, other, Match::NO),
        (arn, &format!("{short}/readonly"), Match::NO),
        (arn, "arn:aws:ssm:eu-west-1:111122223333:parameter/prod/db", Match::NO),
        (arn, "arn:aws:ssm:eu-west-1:111122223333:parameter/prod/db/password", Match::NO),
        ("prod/db", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db/x", Match::NO),
        ("/app", "arn:aws:ssm:eu-west-1:111122223333:parameter/app/key", is),
        ("prod/db", "prod/dc", Match::NO),
        ("/app/key", "arn:aws:ssm:eu-west-1:111122223333:parameter/app/key", is),
        ("app/key", "/app/key", is),
        ("prod/*", arn, is),
        ("https://v.vault.azure.net/secrets/db", "https://v.vault.azure.net/secrets/db/0af1", is),
    ] {
        let mut names = Names::default();
        let assets = declared(&[&format!("{{ secret = '{place}' }}")], &mut names);
        let object = Object::Secret { id: names.of(id) };
        assert_eq!(said(&assets, &object, false, &names), expected, "{place}: {id}");
    }
    for (place, id, expected) in [
        ("snap-01", "snap-01", is),
        ("arn:aws:ec2:eu-west-1::snapshot/snap-01", "snap-01", is),
        ("snap-01", "arn:aws:ec2:eu-west-1::snapshot/snap-01", is),
        ("snap-01", "snap-02", Match::NO),
        ("rds:db-1", "arn:aws:rds:eu-west-1:111122223333:snapshot:rds:db-1", is),
    ] {
        let mut names = Names::default();
        let assets = declared(&[&format!("{{ snapshot = '{place}' }}")], &mut names);
        let object = Object::Snapshot { id: names.of(id) };
        assert_eq!(said(&assets, &object, false, &names), expected, "{place}: {id}");
    }
    for (place, account, expected) in [
        ("krbtgt@example.org", "EXAMPLE\\krbtgt", is),
        ("krbtgt@example.org", "krbtgt", may),
        ("krbtgt@example.org", "EXA\\krbtgt", may),
        ("ann@example.org", "other\\ann", Match::NO),
        ("AKIAEXAMPLE", "akiaexample", is),
        ("example\\svc-*", "svc-sql@example.org", is),
    ] {
        let mut names = Names::default();
        let assets = declared(&[&format!("{{ credential = '{place}' }}")], &mut names);
        let account = names.account(account, None).unwrap();
        let object = Object::Credential { account };
        assert_eq!(said(&assets, &object, false, &names), expected, "{place}");
    }
    let mut names = Names::default();
    let assets = declared(&["{ credential = 'krbtgt@example.org' }"], &mut names);
    let object = Object::Directory { realm: names.of("example.org") };
    assert_eq!(said(&assets, &object, true, &names), Match::sure(Fit::Whole));
    assert!(assets.all[0].is_credential());
}

#[test]
fn the_whole_of_a_declaration_is_read() {
    let text = r"
[[asset]]
id = 'plans'
name = 'Evaluation of deficiencies'
classification = 'secret'
size_bytes = 12_000_000
sha256 = ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']
locations = [ { host = 'FS01', path = 'D:\Plans\a.docx' }, { share = '\\FS01\Plans' }, { host = 'DC01' } ]
";
    let mut names = Names::default();
    let (assets, notices) = Assets::parse(text, &mut names).unwrap();
    assert_eq!(notices, []);
    let asset = &assets.all[0];
    assert_eq!(
        (asset.name.as_deref(), asset.size_bytes),
        (Some("Evaluation of deficiencies"), Some(12_000_000))
    );
    assert_eq!((asset.hashes.len(), asset.locations.len(), asset.line), (1, 3, 2));
    assert_eq!(asset.locations[0].text, r"FS01 D:\Plans\a.docx");
    assert_eq!(asset.file_names().collect::<Vec<_>>(), ["a.docx"]);
    let hosts: Vec<_> = asset.host_names().map(|name| names.shown(name)).collect();
    assert_eq!(hosts, ["FS01", "FS01", "DC01"]);
    assert!(asset.complete() && asset.has_whole_host() && !asset.is_credential());
}

/// What is wrong is named once, with its line, and nothing else is lost.
#[test]
fn what_cannot_be_used_is_named_and_nothing_else_is_lost() {
    for (line, unread, word) in [
        ("locations = [{ host = 'A', path = 'C:\\x' }, { hots = 'B' }]", 1, "`host`"),
        ("locations = [{ host = 'A', path = 'C:\\x' }, {}]", 1, "empty"),
        ("locations = [{ host = 'A', path = 'C:\\x' }, 5]", 1, "integer"),
        ("locations = [{ host = 'A', path = 'C:\\x' }, { planet = 'B' }]", 1, "planet"),
        ("locations = [{ host = 'A', path = 'C:\\x' }, { host = 'B', pathh = 'x' }]", 1, "`path`"),
        ("locations = [{ host = 'A', path = 'C:\\x' }, { host = 'B', path = 'C:\\[x' }]", 1, "`[`"),
        (
            "locations = [{ host = 'A', path = 'C:\\x' }, { host = 'B', path = 'C:\\[z-a]' }]",
            1,
            "backwards",
        ),
        ("locations = [{ host = 'A', path = 'C:\\x' }, { path = 'C:\\x' }]", 1, "host"),
        ("locations = [{ host = 'A', path = 'C:\\x' }, { host = 'B', path = '' }]", 1, "empty"),
        ("locations = [{ host = 'A', path = 'C:\\x' }, { host = 'B', path = 7 }]", 1, "integer"),
        (
            "locations = [{ host = 'A', path = 'C:\\x' }, { host = 'B', path = '\\\\C\\D$\\x' }]",
            1,
            "its host is",
        ),
        (
            "locations = [{ host = 'A', path = 'C:\\x' }, { mailbox = 'a@b', path = 'x' }]",
            1,
            "does not go",
        ),
        ("locations = [{ host = 'A', path = 'C:\\x' }, { share = 'Plans' }]", 1, "HOST"),
        ("locations = [{ host = 'A', path = 'C:\\x', note = 'n' }]", 0, "note"),
        ("locations = [{ host = 'A', path = 'x\\y' }]", 0, "anywhere"),
        ("locations = { host = 'A', path = 'C:\\x' }\nsize_bytes = -1", 0, "size_bytes"),
        ("locations = { host = 'A', path = 'C:\\x' }\nsize_bytes = 'big'", 0, "size_bytes"),
        ("locations = { host = 'A', path = 'C:\\x' }\nsha256 = ['…']", 0, "digest"),
        ("locations = { host = 'A', path = 'C:\\x' }\nname = 3", 0, "`name`"),
        ("locations = { host = 'A', path = 'C:\\x' }\nclasification = 's'", 0, "`classification`"),
    ] {
        let text = format!("[[asset]]\nid = 'x'\n{line}\n");
        let (assets, notices) = Assets::parse(&text, &mut Names::default()).unwrap();
        assert_eq!((assets.all[0].locations.len(), assets.all[0].unread), (1, unread), "{line}");
        assert_eq!(notices.len(), 1, "{line}: {notices:?}");
        assert!(notices[0].text.contains(word), "{line}: {}", notices[0].text);
        assert!(notices[0].text.starts_with("line "), "{}", notices[0].text);
    }
}

#[test]
fn an_asset_without_a_place_stays_and_is_not_usable() {
    let text = "[[asset]]\nid = 'x'\nlocations = []\n[[asset]]\nid = 'y'\n[[asset]]\nid='z'\nlocations=[{}]\n";
    let (assets, notices) = Assets::parse(text, &mut Names::default()).unwrap();
    assert_eq!(assets.all.iter().filter(|a| a.usable()).count(), 0);
    assert_eq!(assets.all.len(), 3);
    assert_eq!(notices.len(), 4, "{notices:?}");
}

#[test]
fn ids_stay_apart() {
    let text =
        "[[asset]]\nid='x'\n[[asset]]\nid='x'\n[[asset]]\nid='x#2'\n[[asset]]\nname='n'\n[other]\n";
    let (assets, notices) = Assets::parse(text, &mut Names::default()).unwrap();
    let ids: Vec<_> = assets.all.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids, ["x", "x#2'", "x#2", "asset-4"]);
    assert!(notices.iter().any(|n| n.text.contains("second asset")));
    assert!(notices.iter().any(|n| n.text.contains("`other`")));
}

#[test]
fn text_that_is_no_toml_is_an_error_with_its_line() {
    let parse = |text| Assets::parse(text, &mut Names::default()).unwrap_err();
    assert!(parse("[[asset]]\nid = \n").contains("line 2"));
    assert!(parse("[[asset]]\nid = 'x'\nid = 'y'\n").contains("line 3"));
    let escape = parse("[[asset]]\nlocations = { path = \"D:\\Plans\" }\n");
    assert!(escape.contains("single quotes"), "{escape}");
}

/// Ten thousand assets on one host: a thing is compared with few of them.
#[test]
fn many_assets_on_one_host_are_asked_quickly() {
    let mut names = Names::default();
    let places: Vec<String> = (0..10_000)
        .map(|n| match n % 3 {
            0 => format!(r"{{ host = 'FS01', path = 'D:\Plans\{n}\**' }}"),
            1 => format!(r"{{ share = '\\FS01\Plans\{n}\*.docx' }}"),
            _ => format!(r"{{ host = 'FS01', path = '**\{n}.docx' }}"),
        })
        .collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let assets = declared(&places, &mut names);
    let objects: Vec<Object> = (0..20_000)
        .map(|n| file("FS01", &format!(r"D:\Plans\{n}\x\{n}.docx"), &mut names))
        .collect();
    let shares = Shares::default();
    let view = View { names: &names, hosts: &|host| host, shares: &shares };
    let index = assets.index(&view);
    let found: usize = objects.iter().map(|object| index.find(object, false, &view).len()).sum();
    assert_eq!(found, 3334 + 3333);
}

/// The naive reference: all ways to split.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            naive(rest, text) || text.split_first().is_some_and(|(_, tail)| naive(pattern, tail))
        }
        (Some(('?', rest)), Some((_, tail))) => naive(rest, tail),
        (Some((p, rest)), Some((c, tail))) => p == c && naive(rest, tail),
        _ => false,
    }
}

/// As names are, letter by letter: a sigma that ends a word is no other letter.
#[test]
fn capitals_of_every_alphabet_are_folded_as_in_records() {
    check_path(
        r"{ host = 'FS01', path = 'D:\ΟΔΟΣ\ÄΣ*' }",
        r"D:\ΟΔΟΣ\ÄΣ.docx",
        Match::sure(Fit::Is),
    );
    let mut names = Names::default();
    for (place, object) in [
        (r"{ share = '\\FS01\ΠΛΑΝΟΣ' }", file("FS01", r"\\FS01\ΠΛΑΝΟΣ\a", &mut names)),
        ("{ bucket = 'b', key = 'ΟΔΟΣ' }", {
            Object::Bucket { bucket: names.of("b"), key: Some(names.of("ΟΔΟΣ")) }
        }),
        ("{ mailbox = 'a@b.c', folder = 'ΟΔΟΣ' }", {
            let folder = Some(names.of("ΟΔΟΣ"));
            Object::Mail { mailbox: names.of("a@b.c"), folder, message: None }
        }),
        ("{ site = 'https://h.example/ΟΔΟΣ' }", {
            Object::Site { url: names.of("https://h.example/ΟΔΟΣ/a") }
        }),
        ("{ secret = 'ΟΔΟΣ' }", Object::Secret { id: names.of("ΟΔΟΣ") }),
    ] {
        let assets = declared(&[place], &mut names);
        assert!(said(&assets, &object, false, &names).fit.is_touch(), "{place}");
    }
}

proptest! {
    #[test]
    fn globs_match_as_the_naive_ones_do(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
        let chars = |s: &str| s.chars().collect::<Vec<_>>();
        let glob = Glob::new(&pattern).unwrap();
        prop_assert_eq!(glob.matches(&text), naive(&chars(&pattern), &chars(&text)));
    }

    #[test]
    fn globs_that_share_a_text_overlap(a in "[ab*?]{0,6}", b in "[ab*?]{0,6}", text in "[ab]{0,6}") {
        let (a, b) = (Glob::new(&a).unwrap(), Glob::new(&b).unwrap());
        prop_assert_eq!(a.overlaps(&b), b.overlaps(&a));
        if a.matches(&text) && b.matches(&text) {
            prop_assert!(a.overlaps(&b));
        }
    }

    #[test]
    fn what_is_below_a_declared_folder_is_in_it_however_it_is_written(
        folder in prop::collection::vec("[a-c]{1,2}", 1..4),
        below in prop::collection::vec("[a-c]{1,2}", 0..4),
        upper in any::<bool>(),
    ) {
        let mut names = Names::default();
        let declared = super::tests::declared(
            &[&format!("{{ host = 'FS01', path = 'D:\\{}\\**' }}", folder.join("\\"))], &mut names);
        let mut path = [folder.clone(), below].concat().join("\\");
        if upper {
            path = path.to_uppercase();
        }
        for form in [
            format!("D:\\{path}"), format!("d:/{}", path.replace('\\', "/")),
            format!("\\??\\D:\\{path}"), format!("\\\\FS01\\D$\\{path}"),
        ] {
            let object = file("fs01", &form, &mut names);
            prop_assert_eq!(said(&declared, &object, false, &names), Match::sure(Fit::Is));
        }
        // What is above is a way only.
        let above = format!("D:\\{}", folder[..folder.len() - 1].join("\\"));
        let object = file("fs01", &above, &mut names);
        prop_assert_eq!(said(&declared, &object, false, &names), Match::sure(Fit::Contains));
        prop_assert_eq!(said(&declared, &object, true, &names), Match::sure(Fit::Whole));
    }

    /// The index finds what each asset finds by itself.
    #[test]
    fn the_index_finds_as_the_assets_do(
        places in prop::collection::vec(
            ("(fs01|fs02|fs\\*)", "(C:|D:|\\*\\*|/srv|\\?:)(\\\\(a|b|\\*|\\*\\*|a\\*)){0,3}", 0_u8..3), 1..12),
        host in "(fs01|fs02|fs03|)",
        path in "(C:|D:|\\\\Device\\\\HarddiskVolume1|/srv|\\\\\\\\fs01\\\\a|\\\\\\\\fs01\\\\c\\$|a)(\\\\(a|b|c|\\*)){0,4}",
        whole in any::<bool>(),
        known in any::<bool>(),
    ) {
        let mut names = Names::default();
        let mut text = String::new();
        for (at, (host, path, kind)) in places.iter().enumerate() {
            let below = path.split_once(['\\']).map_or("**", |(_, below)| below);
            let place = match kind {
                0 => format!("{{ host = '{host}', path = '{path}' }}"),
                1 => format!("{{ share = '\\\\{host}\\a\\{below}' }}"),
                _ => format!("{{ host = '{host}' }}"),
            };
            text.push_str(&format!("[[asset]]\nid = '{at}'\nlocations = [{place}]\n"));
        }
        let (assets, _) = Assets::parse(&text, &mut names).unwrap();
        let object = Object::File { host: names.host(&host), path: names.of(&path) };
        let mut shares = Shares::default();
        if known {
            shares.declare(names.host("fs01").unwrap(), "a", r"D:\b");
        }
        let view = View { names: &names, hosts: &|host| host, shares: &shares };
        let found = assets.index(&view).find(&object, whole, &view);
        for (number, asset) in assets.all.iter().enumerate() {
            let own = asset.matches(&object, whole, &view);
            let own = (own.fit != Fit::No).then_some(own);
            let indexed = found.iter().find(|f| f.asset == number).map(|f| f.found);
            prop_assert_eq!(indexed, own, "{:?} {:?} {:?}", asset.locations, path, whole);
        }
    }

    #[test]
    fn random_text_never_panics(text in ".{0,200}", place in ".{0,40}", seen in ".{0,60}") {
        let mut names = Names::default();
        let _ = Assets::parse(&text, &mut names);
        let quoted = place.replace(['\'', '\n', '\r'], "");
        for key in ["path = '", "host = 'A', path = '", "share = '", "site = '", "secret = '", "mailbox = '", "bucket = 'b', prefix = '"] {
            let text = format!("[[asset]]\nlocations = [{{ {key}{quoted}' }}]");
            let Ok((assets, _)) = Assets::parse(&text, &mut names) else { continue };
            let id = names.of(&seen);
            let host = names.host("A");
            let shares = Shares::default();
            let view = View { names: &names, hosts: &|host| host, shares: &shares };
            for object in [
                Object::File { host, path: id },
                Object::Shared { host, share: id, path: id, local: Some(id) },
                Object::Mail { mailbox: id, folder: Some(id), message: None },
                Object::Bucket { bucket: id, key: Some(id) },
                Object::Site { url: id },
                Object::Secret { id },
                Object::Snapshot { id },
                Object::Credential { account: id },
            ] {
                let found = assets.index(&view).find(&object, true, &view);
                prop_assert!(found.len() <= assets.all.len());
            }
        }
    }
}
