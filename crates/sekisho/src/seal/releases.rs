//! The file of a release. It holds the checkpoint of the state in which the
//! release is on record, so it can be made only once that is signed. What it
//! is made from is therefore kept in the case before: nothing is on record
//! whose file is not there or is not made by the next writer.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sekisho_case::Hash;
use sekisho_case::bounded::read_regular;
use sekisho_case::limits::RELEASE_BYTES_MAX;
use sekisho_case::log::Log;
use sekisho_case::record::{Body, Record, Release};
use sekisho_case::release::{self, Content};

use super::case::RELEASES;
use super::write_durably;

/// Keeps what a release is made from, before it goes on record.
pub(crate) fn keep_content(case: &Path, number: u32, content: &[u8]) -> Result<()> {
    let folder = case.join(RELEASES);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    write_durably(&content_file(case, number), content)
}

/// Makes the file of the release that was published last: where it is, and its bytes.
pub(crate) fn make_file(case: &Path, log: &Log, content: &Content) -> Result<(PathBuf, Vec<u8>)> {
    let zip = release::write(content, log)?;
    let path = kept(case, content.number);
    write_durably(&path, &zip)?;
    // What is left of it does no harm, and is removed by the next writer.
    let _ = fs::remove_file(content_file(case, content.number));
    Ok((path, zip))
}

/// Makes the file of a release whose writer died, or had no room, once it was on record, and
/// removes what was kept for releases that never were.
pub(super) fn make_up(case: &Path, log: &Log) -> Result<()> {
    for entry in fs::read_dir(case.join(RELEASES)).into_iter().flatten().flatten() {
        let path = entry.path();
        let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u32>().ok();
        let Some(number) = number(&path).filter(|&number| path == content_file(case, number))
        else {
            continue;
        };
        let content = match last_release(log)? {
            Some(last) if last.number == number && !kept(case, number).exists() => {
                content_of(&path, &last)
            }
            _ => None,
        };
        if let Some(content) = content {
            make_file(case, log, &content).with_context(|| {
                format!("making the file of release {number}, on record before")
            })?;
        } else {
            fs::remove_file(&path)
                .with_context(|| format!("removing {}, left over from before", path.display()))?;
        }
    }
    Ok(())
}

/// What was kept, if it is what a record says.
fn content_of(path: &Path, record: &Release) -> Option<Content> {
    let bytes = read_regular(path, RELEASE_BYTES_MAX).ok()?;
    (Hash::of(&bytes) == record.content).then(|| serde_json::from_slice(&bytes).ok()).flatten()
}

/// The release that is the last entry of a log.
fn last_release(log: &Log) -> Result<Option<Release>> {
    let Some(last) = log.size().checked_sub(1) else { return Ok(None) };
    match Record::parse(&log.entry(last)?)?.body {
        Body::Release(release) => Ok(Some(release)),
        _ => Ok(None),
    }
}

/// Where a case keeps a release.
pub(crate) fn kept(case: &Path, number: u32) -> PathBuf {
    case.join(RELEASES).join(format!("{number:04}.zip"))
}

/// Where it keeps what the file of a release is made from, until that is there.
fn content_file(case: &Path, number: u32) -> PathBuf {
    case.join(RELEASES).join(format!("{number:04}.json"))
}
