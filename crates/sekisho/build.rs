//! Puts the built-in rule pack (`rules/*.yml`) into the binary.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=rules");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files: Vec<PathBuf> = fs::read_dir(root.join("rules"))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "yml"))
        .collect();
    files.sort();
    let mut code = String::from(
        "/// Name and text of each file of the built-in rule pack.\nstatic RULE_PACK: &[(&str, &str)] = &[\n",
    );
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The text and not its path: what was built may outlive the checkout.
        let text = fs::read_to_string(&file)?;
        writeln!(code, "    ({name:?}, {text:?}),").map_err(io::Error::other)?;
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("rule_pack.rs"), code)
}
