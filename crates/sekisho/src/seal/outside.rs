//! What is sealed stays as it is: nothing that is asked for with `--out` is
//! written into a case.

use std::path::{Component, Path};

use anyhow::{Context as _, Result, bail};
use sekisho_case::log::CHECKPOINT;

/// Refuses a file or folder to be written that lies within a case, or is one.
///
/// # Errors
///
/// Where it does.
pub fn outside_case(out: &Path) -> Result<()> {
    let mut whole = std::env::current_dir().context("finding the current folder")?;
    for part in out.components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
        // Links lead where they lead, as far as there is anything yet.
        whole = whole.canonicalize().unwrap_or(whole);
    }
    let is_case =
        |folder: &&Path| folder.join(CHECKPOINT).is_file() && folder.join("tile").is_dir();
    if let Some(case) = whole.ancestors().find(is_case) {
        bail!(
            "--out {} lies within the case {}, which is sealed: expected a place outside of it",
            out.display(),
            case.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_case_is_left_alone_however_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("out/case/tile/0")).unwrap();
        fs::write(root.join("out/case/checkpoint"), "x").unwrap();
        for inside in ["", "new", "checkpoint", "releases/0002.zip", "tile/0/new", "../case/a/../b"]
        {
            let refused = outside_case(&root.join("out/case").join(inside)).unwrap_err();
            assert!(refused.to_string().contains("which is sealed"), "{inside}: {refused}");
        }
        for beside in ["out", "out/results", "out/case2/x", "out/case/../x"] {
            assert!(outside_case(&root.join(beside)).is_ok(), "{beside}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.join("out/case"), root.join("link")).unwrap();
            assert!(outside_case(&root.join("link/new")).is_err());
        }
    }
}
