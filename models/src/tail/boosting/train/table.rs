//! A table to train on, checked once: features by column, a target, weights.
use super::super::{Categories, FeatureKind, Features};
use super::TableError;
use std::collections::BTreeSet;

/// Rows beyond which counts would not fit.
const MOST_ROWS: usize = u32::MAX as usize / 2;
/// Categories of one feature beyond which it is an identifier.
const MOST_CATEGORIES: usize = 65_534;
/// Targets beyond this size leave no room for sums of leaves in 32-bit floating point.
const LARGEST_TARGET: f64 = 1e37;
/// Features beyond this size would have no bin above them.
const LARGEST_FEATURE: f64 = 1e38;
/// Weights beyond this size leave no room for their sums.
const LARGEST_WEIGHT: f32 = 1e30;
/// A range below this share of the largest size is lost in 32-bit floating point, which tells 6e-8 apart.
const LEAST_RANGE: f64 = 1e-6;

/// One feature of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    name: String,
    values: Vec<f32>,
    categories: Option<Categories>,
}

/// A column of numbers that is filled value by value.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberColumn {
    name: String,
    values: Vec<f32>,
    range: Range,
}

/// Least and largest value so far.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range {
    low: f64,
    high: f64,
}

/// A table whose rows can be learnt from: lengths agree, numbers fit into 32-bit floating point.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingTable {
    columns: Vec<Column>,
    target: Vec<f32>,
    weights: Option<Vec<f32>>,
}

impl NumberColumn {
    /// An empty column.
    #[must_use]
    pub const fn new(name: String) -> Self {
        Self { name, values: Vec::new(), range: Range::EMPTY }
    }

    /// Appends a value; `None` and NaN are missing.
    ///
    /// # Errors
    /// `FeatureBeyondRange` if the value is infinite or beyond 1e38.
    #[expect(clippy::cast_possible_truncation, reason = "the model compares f32")]
    pub fn push(&mut self, value: Option<f64>) -> Result<(), TableError> {
        let value = value.unwrap_or(f64::NAN);
        if value.abs() > LARGEST_FEATURE {
            let (row, feature) = (self.values.len(), self.name.clone());
            return Err(TableError::FeatureBeyondRange { row, feature, value });
        }
        self.range.include(value);
        self.values.push(value as f32);
        Ok(())
    }

    /// The column, complete.
    ///
    /// # Errors
    /// `FeatureBelowResolution` if its values differ by less than a millionth of their size: as f32 they would hardly
    /// differ at all. Subtract an offset from them.
    pub fn finish(self) -> Result<Column, TableError> {
        if self.range.is_below_resolution() {
            return Err(TableError::FeatureBelowResolution { feature: self.name });
        }
        Ok(Column { name: self.name, values: self.values, categories: None })
    }
}

impl Column {
    /// A column of numbers; NaN is missing.
    ///
    /// # Errors
    /// As [`NumberColumn::push`] and [`NumberColumn::finish`].
    pub fn numbers(name: impl Into<String>, values: &[f64]) -> Result<Self, TableError> {
        let mut column = NumberColumn::new(name.into());
        values.iter().try_for_each(|value| column.push(Some(*value)))?;
        column.finish()
    }

    /// A column of categories by their codes, which are positions in `categories`; `None` is missing.
    ///
    /// # Errors
    /// `TooManyCategories` above 65,534; `UnknownCategory` names the first code without an entry.
    #[expect(clippy::cast_precision_loss, reason = "codes stay below 2^16")]
    pub fn categories(
        name: impl Into<String>,
        codes: &[Option<u32>],
        categories: Categories,
    ) -> Result<Self, TableError> {
        let feature = name.into();
        let known = categories.len();
        if known > MOST_CATEGORIES {
            return Err(TableError::TooManyCategories { feature, categories: known, most: MOST_CATEGORIES });
        }
        for (row, code) in codes.iter().enumerate() {
            if let Some(code) = code.filter(|code| *code as usize >= known) {
                return Err(TableError::UnknownCategory { row, feature, code, categories: known });
            }
        }
        let values = codes.iter().map(|code| code.map_or(f32::NAN, |code| code as f32)).collect();
        Ok(Self { name: feature, values, categories: Some(categories) })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its values as the model sees them: numbers or codes, NaN where missing.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Whether its values are codes of categories.
    #[must_use]
    pub const fn is_categorical(&self) -> bool {
        self.categories.is_some()
    }

    /// How many categories it has; 0 for numbers.
    pub(super) fn category_count(&self) -> usize {
        self.categories.as_ref().map_or(0, Categories::len)
    }
}

impl TrainingTable {
    /// A table of features and what is to be predicted, row i of every column and of `target` belonging together.
    ///
    /// - `target`: in any unit, within 1e37 of zero.
    ///
    /// # Errors
    /// [`TableError`] names the row or the feature that cannot be learnt from.
    #[expect(clippy::cast_possible_truncation, reason = "the model predicts f32; the size was checked")]
    pub fn new(columns: Vec<Column>, target: &[f64]) -> Result<Self, TableError> {
        let rows = target.len();
        let mut names = BTreeSet::new();
        for column in &columns {
            if column.values.len() != rows {
                let what = format!("feature \"{}\"", column.name);
                return Err(TableError::Length { what, found: column.values.len(), expected: rows });
            }
            if !names.insert(column.name.as_str()) {
                return Err(TableError::FeatureTwice { feature: column.name.clone() });
            }
        }
        match () {
            () if rows == 0 => return Err(TableError::NoRows),
            () if columns.is_empty() => return Err(TableError::NoFeatures),
            () if rows > MOST_ROWS => return Err(TableError::TooManyRows { rows, most: MOST_ROWS }),
            () => {}
        }
        if let Some(row) = target.iter().position(|value| value.is_nan() || value.abs() > LARGEST_TARGET) {
            return Err(TableError::Target { row, value: target[row] });
        }
        let mut range = Range::EMPTY;
        target.iter().for_each(|value| range.include(*value));
        if range.is_below_resolution() {
            return Err(TableError::TargetBelowResolution);
        }
        let target = target.iter().map(|value| *value as f32).collect();
        Ok(Self { columns, target, weights: None })
    }

    /// The same table with a weight per row: a row of weight 2 counts as two equal ones.
    ///
    /// # Errors
    /// `Length`, `Weight` names the first that is negative or beyond 1e30, `NoWeight` if all are 0.
    pub fn with_weights(self, weights: Vec<f32>) -> Result<Self, TableError> {
        if weights.len() != self.rows() {
            let what = "the list of weights".to_owned();
            return Err(TableError::Length { what, found: weights.len(), expected: self.rows() });
        }
        if let Some(row) =
            weights.iter().position(|weight| weight.is_nan() || *weight < 0.0 || *weight > LARGEST_WEIGHT)
        {
            return Err(TableError::Weight { row, value: weights[row] });
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            return Err(TableError::NoWeight);
        }
        Ok(Self { weights: Some(weights), ..self })
    }

    /// How many rows it has, at least one.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.target.len()
    }

    /// Its features.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What is to be predicted.
    #[must_use]
    pub fn target(&self) -> &[f32] {
        &self.target
    }

    /// The weights, if rows differ in weight.
    #[must_use]
    pub fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    /// Its features as a model describes them.
    #[must_use]
    pub fn features(&self) -> Features {
        let kind =
            |column: &Column| if column.is_categorical() { FeatureKind::Categorical } else { FeatureKind::Float };
        let categories = if self.columns.iter().any(Column::is_categorical) {
            self.columns.iter().map(|column| column.categories.clone()).collect()
        } else {
            Vec::new()
        };
        Features {
            count: self.columns.len(),
            names: self.columns.iter().map(|column| column.name.clone()).collect(),
            kinds: self.columns.iter().map(kind).collect(),
            categories,
        }
    }

    /// The rows one behind the other, as trees ask for them.
    pub(super) fn by_rows(&self) -> Vec<f32> {
        (0..self.rows()).flat_map(|row| self.columns.iter().map(move |column| column.values[row])).collect()
    }
}

impl Range {
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    const fn include(&mut self, value: f64) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }

    fn is_below_resolution(self) -> bool {
        let size = self.low.abs().max(self.high.abs());
        self.low < self.high && self.high - self.low < LEAST_RANGE * size
    }
}
