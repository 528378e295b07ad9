//! Words and scripts for the shell of a board.

/// `text` as one word of a POSIX shell, whatever is in it.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command line that runs `script` in a POSIX shell, whatever the user's own shell is. The script finds `arguments` in
/// `$1` and so on.
pub fn script(script: &str, arguments: &[&str]) -> String {
    let mut line = format!("sh -c {} deploy", quote(script));
    for argument in arguments {
        line.push(' ');
        line.push_str(&quote(argument));
    }
    line
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn run(line: &str) -> String {
        let output = Command::new("sh").args(["-c", line]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_hands_on_what_was_quoted(text in "[^\\x00]{0,40}") {
            prop_assert_eq!(run(&script(r#"printf %s "$1""#, &[&text])), text);
        }
    }

    #[test]
    fn nothing_is_expanded() {
        let awkward = "$(id) `id` $HOME \\ \" ' ; > x & | * ~ -n\n!";
        assert_eq!(run(&format!("printf %s {}", quote(awkward))), awkward);
        assert_eq!(run(&script(r#"printf %s "$2$#""#, &["a", awkward])), format!("{awkward}2"));
    }
}
