//! Numbers, names and paths as the report writes them.

use std::{borrow::Cow, path::Path};

use crate::finetune::{share::Share, summary::Outcome};

/// Stands where there is no number, such as the precision of a class that was never answered.
pub const NONE: &str = "–";

/// A share, 0 to 1, as a percentage with as many decimals as `pictures` can tell apart.
pub fn percent(share: f64, pictures: usize) -> String {
    if !share.is_finite() {
        return NONE.into();
    }
    format!("{:.*}%", decimals(pictures), share * 100.0)
}

/// `part` of `whole` as a percentage; [`NONE`] where `whole` is 0.
pub fn ratio(part: usize, whole: usize) -> String {
    if whole == 0 { NONE.into() } else { percent(part as f64 / whole as f64, whole) }
}

/// The 95 % interval of `part` of `whole`, as two percentages.
pub fn interval(part: usize, whole: usize) -> String {
    let Share { low, high, .. } = Share::new(part, whole);
    format!("{} to {}", percent(low, 1), percent(high, 1))
}

/// How far share `b` lies above share `a`, in percentage points, with its sign.
pub fn points(a: f64, b: f64, pictures: usize) -> String {
    let difference = (b - a) * 100.0;
    if !difference.is_finite() {
        return NONE.into();
    }
    let text = format!("{:.*}", decimals(pictures), difference.abs());
    let sign = match difference {
        _ if text.chars().all(|c| matches!(c, '0' | '.')) => "±",
        d if d < 0.0 => "−",
        _ => "+",
    };
    format!("{sign}{text}")
}

/// Decimals of a percentage that one picture of `pictures` can move.
fn decimals(pictures: usize) -> usize {
    if pictures < 1000 { 1 } else { 2 }
}

/// A whole number with commas between the thousands.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of pictures in words, with the right plural.
pub fn pictures(number: usize) -> String {
    format!("{} picture{}", count(number), if number == 1 { "" } else { "s" })
}

/// A time in the two largest units that matter.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NONE.into();
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// At most `most` characters of a name; what is cut off is shown by an ellipsis.
pub fn shorten(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.into();
    }
    let kept: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The last part of a path, or all of it where it has no such part.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A path as a POSIX shell takes it for one word, and no program for an option.
pub fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Name of a class, or its number where it has none.
pub fn name(classes: &[String], class: usize) -> Cow<'_, str> {
    classes.get(class).map_or_else(|| format!("class {class}").into(), |name| name.as_str().into())
}

/// Number of pictures of an outcome, and how many of them were answered right.
pub fn all_and_right(outcome: &Outcome) -> (usize, usize) {
    let all = outcome.confusion.iter().flatten().sum();
    let right = outcome.confusion.iter().enumerate().filter_map(|(class, row)| row.get(class)).sum();
    (all, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_shows_what_its_pictures_can_tell() {
        assert_eq!(percent(0.98765, 200), "98.8%");
        assert_eq!(percent(0.98765, 5000), "98.77%");
        assert_eq!(percent(f64::NAN, 5000), NONE);
        assert_eq!(ratio(0, 0), NONE);
        assert_eq!(ratio(1, 3), "33.3%");
    }

    #[test]
    fn a_difference_has_a_sign_unless_it_rounds_to_nothing() {
        assert_eq!(points(0.99, 0.985, 200), "−0.5");
        assert_eq!(points(0.985, 0.99, 2000), "+0.50");
        assert_eq!(points(0.98, 0.979_99, 200), "±0.0");
        assert_eq!(points(f64::NAN, 0.5, 200), NONE);
    }

    #[test]
    fn counts_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567")]
        {
            assert_eq!(count(number), text);
        }
        assert_eq!((pictures(1), pictures(2000)), ("1 picture".into(), "2,000 pictures".into()));
    }

    #[test]
    fn durations_have_two_units() {
        assert_eq!(duration(3.21), "3.2 s");
        assert_eq!(duration(59.7), "1 min 0 s");
        assert_eq!(duration(3725.0), "1 h 2 min");
        assert_eq!(duration(f64::NAN), NONE);
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(shorten("grüße", 5), "grüße");
        assert_eq!(shorten("grüße an alle", 7), "grüße…");
        assert_eq!(shorten("abc", 0), "…");
    }

    #[test]
    fn a_path_is_one_word_to_the_shell() {
        assert_eq!(shell(Path::new("out/model.onnx")), "out/model.onnx");
        assert_eq!(shell(Path::new("my cats/it's.onnx")), r"'my cats/it'\''s.onnx'");
        assert_eq!(shell(Path::new("-x.onnx")), "./-x.onnx");
        assert_eq!(file_name(Path::new("a/b.jpg")), "b.jpg");
        assert_eq!(file_name(Path::new("..")), "..");
    }
}
