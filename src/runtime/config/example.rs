//! The commented example file, which is also what is said about settings that nobody chose.
//!
//! Lines that begin with `# ` explain the setting below them, which is commented out by `#` alone.

/// The file as it is packaged.
pub const TEXT: &str = include_str!("../../../packaging/vggcam.toml");

/// A setting in the example file.
struct Entry {
    name: String,
    comment: String,
}

/// The names of all settings, in order.
pub fn names() -> Vec<String> {
    entries().into_iter().map(|entry| entry.name).collect()
}

/// What happens where the setting `name` is not given.
pub fn default_words(name: &str) -> Option<String> {
    let entry = entries().into_iter().find(|entry| entry.name == name)?;
    let (_, words) = entry.comment.split_once("Default: ")?;
    Some(words.trim_end_matches('.').to_owned())
}

fn entries() -> Vec<Entry> {
    let (mut entries, mut table, mut comment) = (Vec::new(), String::new(), Vec::new());
    for line in TEXT.lines() {
        if let Some(words) = line.strip_prefix("# ") {
            comment.push(words);
        } else if let Some((name, _)) = line.strip_prefix('#').and_then(|setting| setting.split_once(" = ")) {
            entries.push(Entry { name: format!("{table}{name}"), comment: comment.join(" ") });
            comment.clear();
        } else {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                table = format!("{name}.");
            }
            comment.clear();
        }
    }
    entries
}
