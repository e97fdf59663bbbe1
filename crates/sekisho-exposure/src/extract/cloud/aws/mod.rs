//! AWS CloudTrail. The place is `aws:` and the account whose log it is. Who
//! calls is the ARN, of a role's session with the session's name
//! (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`); the session is the
//! access key that signed the call. What a service does for somebody names
//! the service as application.

mod entry;
mod iam;
mod keys;
mod loss;
mod near;
mod policy;
mod run;
mod share;
mod store;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use sekisho_event::Shape;

use super::say::{Say, caller};
use crate::activity::Actor;
use crate::extract::{Class, Extractor, Out, Row};
use crate::names::{Name, present};

/// Reads CloudTrail.
#[derive(Debug)]
pub(in crate::extract) struct Aws;

/// Under this name calls that only read are heard, by the ledger's containers.
pub(crate) const READS: &str = "aws reads";

/// Under this name a region is heard.
pub(crate) fn region_of(region: &str) -> String {
    format!("aws region {region}")
}

static FIELDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| keys::ALL.iter().copied().flatten().copied().collect());

/// A call, as all parts of this module look at it.
#[derive(Clone, Copy, Debug)]
struct Call<'a> {
    row: Row<'a>,
    /// `s3`, `iam`, …
    service: &'a str,
    /// What was called, without the version of an interface.
    verb: &'a str,
    /// Number of the account whose log it is.
    account: Option<&'a str>,
    /// `aws`, `aws-cn`, …
    partition: &'a str,
    /// [`Actor::account`] as text.
    arn: Option<&'a str>,
}

impl<'a> Call<'a> {
    fn of(row: Row<'a>) -> Self {
        let source = row.any(keys::SOURCE).unwrap_or_default();
        let arn = row.any(keys::WHO_ARN);
        let named = arn.and_then(|arn| arn.strip_prefix("arn:"));
        Self {
            row,
            service: service_of(source),
            verb: without_version(row.any(keys::NAME).unwrap_or_default()),
            account: row.any(&[keys::RECIPIENT, keys::WHO_ACCOUNT].concat()),
            partition: named.and_then(|rest| rest.split(':').next()).unwrap_or("aws"),
            arn,
        }
    }

    /// The ARN of something of IAM in this account: `user`, `role`, `group`.
    /// Calls name it without its path.
    fn iam(&self, kind: &str, name: &str) -> String {
        let (partition, account) = (self.partition, self.account.unwrap_or_default());
        format!("arn:{partition}:iam::{account}:{kind}/{name}")
    }
}

/// The service of a source; those that hand out a bucket's objects under other
/// names are that of buckets.
fn service_of(source: &str) -> &str {
    match source.split('.').next().unwrap_or_default() {
        "s3express" | "s3-object-lambda" | "s3-outposts" => "s3",
        service => service,
    }
}

/// Some services append the date of their interface:
/// `UpdateFunctionCode20150331v2`, `CreateDistribution2020_05_31`.
fn without_version(name: &str) -> &str {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_' || c == 'v');
    let version = name.get(digits.len()..).unwrap_or_default();
    let dated = version.len() >= 8 && version.starts_with("20");
    if dated && present(digits).is_some() { digits } else { name }
}

impl Extractor for Aws {
    fn fields(&self) -> &'static [&'static str] {
        &FIELDS
    }

    fn reads(&self, shape: &Shape) -> bool {
        shape.product.as_ref() == "aws" && shape.channel.as_ref() == "cloudtrail"
    }

    /// By the id of each record.
    fn tells_apart(&self, _shape: &Shape) -> bool {
        true
    }

    fn extract(&self, row: &Row<'_>, out: &mut Out<'_>) {
        let call = Call::of(*row);
        if let Some(account) = call.account {
            let place = out.names().of(&format!("aws:{account}"));
            out.place(place);
        }
        let class = class(&call);
        out.class(class);
        match class {
            Class::CloudData => alive(&call, out),
            Class::CloudManagement => heard_of(&call, out),
            _ => {}
        }
        let actor = actor(&call, out);
        let failed = row.any(keys::ERROR).is_some();
        let mut say = Say::of(out, actor, failed);
        let known = entry::read(&call, &mut say)
            || iam::read(&call, &mut say)
            || store::read(&call, &mut say)
            || share::read(&call, &mut say)
            || run::read(&call, &mut say)
            || loss::read(&call, &mut say);
        let silent = say.silent();
        near::read(&call, known, &mut say);
        if (!known || silent) && actor.session.or(actor.account).is_some() {
            say.out.seen(actor, None);
        }
    }
}

fn actor(call: &Call<'_>, out: &mut Out<'_>) -> Actor {
    let Call { row, .. } = *call;
    let named = |keys: &[super::Key]| keys.iter().find_map(|key| row.any(key));
    let who = call.arn.map(str::to_owned).or_else(|| match row.any(keys::WHO_TYPE) {
        Some("AWSService") => None,
        Some("IAMUser") => row.any(keys::WHO_NAME).map(|name| call.iam("user", name)),
        _ => named(&[keys::WHO_NAME, keys::WHO_PRINCIPAL, keys::WHO_ACCOUNT]).map(str::to_owned),
    });
    let names = out.names();
    let mut of = |text: Option<&str>| -> Option<Name> { text.map(|text| names.of(text)) };
    Actor {
        account: of(who.as_deref()),
        session: of(row.any(keys::WHO_KEY)),
        address: of(row.any(keys::ADDRESS).and_then(caller)),
        agent: of(row.any(keys::AGENT)),
        app: of(row.any(keys::WHO_INVOKED)),
        ..Actor::default()
    }
}

/// Calls that are data events, in records from before CloudTrail said so.
const DATA: &[(&str, &[&str])] = &[
    (
        "s3",
        &[
            "GetObject",
            "HeadObject",
            "PutObject",
            "CopyObject",
            "DeleteObject",
            "DeleteObjects",
            "SelectObjectContent",
            "ListObjects",
            "ListObjectVersions",
            "HeadBucket",
            "UploadPart",
            "CompleteMultipartUpload",
            "GetObjectAcl",
            "PutObjectAcl",
            "GetObjectTagging",
            "RestoreObject",
        ],
    ),
    ("lambda", &["Invoke", "InvokeExecution"]),
    (
        "dynamodb",
        &["GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem"],
    ),
    ("ebs", &["GetSnapshotBlock", "ListSnapshotBlocks", "ListChangedBlocks", "PutSnapshotBlock"]),
];

fn class(call: &Call<'_>) -> Class {
    if entry::is_sign_in(call) {
        return Class::SignIn;
    }
    let category = call.row.any(keys::CATEGORY);
    let said = match (category, call.row.any(keys::MANAGEMENT)) {
        (Some(category), _) => Some(category.eq_ignore_ascii_case("data")),
        (None, Some(management)) => Some(management.eq_ignore_ascii_case("false")),
        (None, None) => None,
    };
    let known = || {
        DATA.iter().any(|(service, verbs)| *service == call.service && verbs.contains(&call.verb))
    };
    if said.unwrap_or_else(known) { Class::CloudData } else { Class::CloudManagement }
}

/// What a management event shows to be recorded: its region, and calls that
/// only read. Trails are made for one region, or for calls that write alone.
fn heard_of(call: &Call<'_>, out: &mut Out<'_>) {
    if let Some(region) = call.row.any(keys::REGION) {
        let region = out.names().of(&region_of(region));
        out.alive(region);
    }
    if only_reads(call) {
        let reads = out.names().of(READS);
        out.alive(reads);
    }
}

/// Whether a call changes nothing.
fn only_reads(call: &Call<'_>) -> bool {
    let verbs = ["Get", "List", "Describe", "BatchGet", "Head", "Select", "Query", "Scan"];
    match call.row.any(keys::READ_ONLY) {
        Some(text) => text.eq_ignore_ascii_case("true"),
        None => verbs.iter().any(|verb| call.verb.starts_with(verb)),
    }
}

/// What a data event shows to be recorded: its bucket, table or function, and
/// something of its service (by the service's whole name). That writes are
/// recorded does not show that reads are.
fn alive(call: &Call<'_>, out: &mut Out<'_>) {
    if !only_reads(call) && call.service != "lambda" {
        return;
    }
    // Of another account's things only the own calls are recorded.
    let owners = super::all(&call.row, keys::RESOURCE_ACCOUNT);
    if !owners.is_empty() && !owners.iter().any(|owner| Some(*owner) == call.account) {
        return;
    }
    let containers = [keys::BUCKET, keys::TABLE, keys::FUNCTION, keys::SNAPSHOT, keys::SOURCE];
    for key in containers {
        if let Some(text) = call.row.any(key) {
            let container = out.names().of(text);
            out.alive(container);
        }
    }
}
