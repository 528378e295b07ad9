//! Files that lie beside another one and have its name with something added.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// `path` with `suffix` at the end of its name, such as `.packed`.
pub fn beside(path: &Path, suffix: impl AsRef<OsStr>) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

/// Where the report is that `finetune train` writes beside a model.
pub fn trained_report(model: &Path) -> PathBuf {
    model.with_file_name("report.html")
}

/// Where the report of an installed model is, which lies among others.
pub fn installed_report(model: &Path) -> PathBuf {
    beside(model, ".report.html")
}

/// Where the content of `path` is written by this process until it is whole.
pub fn unfinished(path: &Path) -> PathBuf {
    beside(path, format!(".{}.tmp", std::process::id()))
}
