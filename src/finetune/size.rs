//! Amounts of memory as people write them.

/// Parses `2G`, `512M`, `1.5G` or a plain number of bytes; K, M, G and T are powers of 1024.
pub fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no amount of memory; write it like 512M or 2G");
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let power = match unit.to_ascii_uppercase().as_str() {
        "" => 0,
        "K" | "KB" | "KIB" => 1,
        "M" | "MB" | "MIB" => 2,
        "G" | "GB" | "GIB" => 3,
        "T" | "TB" | "TIB" => 4,
        _ => return Err(wrong()),
    };
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    let bytes = number * 1024f64.powi(power);
    // The conversion stops at the largest number.
    if bytes >= 1.0 && bytes.is_finite() { Ok(bytes as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn amounts_are_understood_or_refused() {
        for (text, bytes) in [("1", 1), ("64k", 65536), ("512M", 512 << 20), ("1.5G", 3 << 29), ("2GiB", 2 << 30)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "-1", "G", "2X", "1e3", "2 G", "0.0001", "nan", "1é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
