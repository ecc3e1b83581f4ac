//! Columns of text, aligned.

/// A header and rows as lines; all but the first column are right-aligned where `is_numeric` says so.
pub(super) fn aligned(header: &[&str], rows: &[Vec<String>], is_numeric: &[bool]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (column, cell) in cells.enumerate().take(header.len()) {
            let filler = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            let gap = if column == 0 { "" } else { "  " };
            let right = is_numeric.get(column).copied().unwrap_or(false);
            line += &if right { format!("{gap}{filler}{cell}") } else { format!("{gap}{cell}{filler}") };
        }
        line.trim_end().to_owned() + "\n"
    };
    let mut text = line(&mut header.iter().copied());
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

/// A number to six significant digits.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..12.0).contains(&magnitude) {
        return format!("{value:.5e}");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10 by the bounds above")]
    let decimals = (5.0 - magnitude).max(0.0) as usize;
    format!("{value:.decimals$}")
}

/// A number, or a dash where there is none.
pub(super) fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_six_digits_of_any_size() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1.00000"),
            (-0.123_456_78, "-0.123457"),
            (123_456.789, "123457"),
            (1e300, "1.00000e300"),
            (1.5e-9, "1.50000e-9"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["a".to_owned(), "10".to_owned()], vec!["long".to_owned(), "9".to_owned()]];
        assert_eq!(aligned(&["name", "n"], &rows, &[false, true]), "name   n\na     10\nlong   9\n");
    }
}
