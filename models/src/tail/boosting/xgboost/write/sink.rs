//! What both formats can write.

pub(in super::super) trait Sink {
    fn open(&mut self);
    fn key(&mut self, key: &str);
    fn close(&mut self);
    fn text(&mut self, text: &str);
    fn real(&mut self, number: f32);
    fn integer(&mut self, number: i64);
    /// An array of `length` values, each behind a call of [`Self::element`].
    fn array(&mut self, length: usize);
    fn element(&mut self);
    fn end(&mut self);
    /// An array that XGBoost keeps as f32.
    fn reals(&mut self, numbers: &[f32]);
    /// An array that XGBoost keeps as f64.
    fn doubles(&mut self, numbers: &[f64]);
    /// An array that XGBoost keeps as integers of that width.
    fn typed(&mut self, width: Width, numbers: &[i64]);

    fn pair(&mut self, key: &str, text: &str) {
        self.key(key);
        self.text(text);
    }

    fn texts<'t>(&mut self, texts: impl ExactSizeIterator<Item = &'t str>) {
        self.array(texts.len());
        for text in texts {
            self.element();
            self.text(text);
        }
        self.end();
    }

    /// An array that XGBoost keeps as values of any kind.
    fn integers(&mut self, numbers: &[i64]) {
        self.array(numbers.len());
        for number in numbers {
            self.element();
            self.integer(*number);
        }
        self.end();
    }
}

/// How wide the integers of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Width {
    I8,
    U8,
    I16,
    I32,
    I64,
}
