//! A table for people: columns as wide as their widest cell.

/// Rows of cells, the first left-aligned, the others right-aligned; cells beyond the head are remarks.
#[derive(Debug)]
pub(super) struct Table {
    columns: usize,
    rows: Vec<Vec<String>>,
    more: usize,
}

impl Table {
    pub(super) fn new(head: Vec<String>) -> Self {
        Self { columns: head.len(), rows: vec![head], more: 0 }
    }

    pub(super) fn row(&mut self, name: &str, cells: Vec<String>) {
        self.rows.push([vec![name.to_owned()], cells].concat());
    }

    /// How many rows are left out.
    pub(super) fn more(&mut self, rows: usize) {
        self.more = rows;
    }

    pub(super) fn text(&self) -> String {
        let length = |cell: &String| cell.chars().count();
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                match widths.get(column) {
                    Some(width) if column == 0 => line += &format!("  {cell:width$}"),
                    Some(width) => line += &format!("  {cell:>width$}"),
                    None => line += &format!("  {cell}"),
                }
            }
            text += line.trim_end();
            text.push('\n');
        }
        if self.more > 0 {
            text += &format!("  and {} more\n", self.more);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["group", "rows"].map(str::to_owned).to_vec());
        table.row("all", vec!["12345".to_owned()]);
        table.row("größe", vec!["7".to_owned(), "a remark".to_owned()]);
        table.more(3);
        assert_eq!(table.text(), "  group   rows\n  all    12345\n  größe      7  a remark\n  and 3 more\n");
    }
}
