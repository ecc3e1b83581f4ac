//! Categorical features: the sets that splits test, and the names behind the codes.

/// A set of category codes, as a split tests it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct CategorySet {
    bits: Vec<u64>,
}

impl CategorySet {
    /// Whether the code is in the set.
    #[must_use]
    pub fn contains(&self, code: u32) -> bool {
        let (word, bit) = (code as usize / 64, code % 64);
        self.bits.get(word).is_some_and(|word| word >> bit & 1 == 1)
    }

    /// Whether the category that a feature's value stands for is in the set: the whole part is the code, and values that
    /// are no code are in no set.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the whole part, not negative")]
    pub fn holds(&self, value: f32) -> bool {
        (0.0..16_777_216.0).contains(&value) && self.contains(value as u32)
    }

    /// The codes, ascending.
    pub fn codes(&self) -> impl Iterator<Item = u32> + '_ {
        (0..)
            .zip(&self.bits)
            .flat_map(|(word, bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit))
    }
}

impl FromIterator<u32> for CategorySet {
    fn from_iter<I: IntoIterator<Item = u32>>(codes: I) -> Self {
        let mut bits = Vec::new();
        for code in codes {
            let word = code as usize / 64;
            if word >= bits.len() {
                bits.resize(word + 1, 0);
            }
            bits[word] |= 1 << (code % 64);
        }
        Self { bits }
    }
}

/// The categories of a feature: code i stands for entry i.
#[derive(Debug, Clone, PartialEq)]
pub enum Categories {
    /// Names, in the order of their codes (which need not be the alphabet's).
    Names(Vec<String>),
    /// Numbers, in the order of their codes.
    Numbers {
        /// XGBoost's number for their type (7 is f32, 8 f64, 9 to 16 integers from i8 to u64), kept for writing.
        kind: u8,
        /// The numbers.
        values: Vec<f64>,
    },
}

impl Categories {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Names(names) => names.len(),
            Self::Numbers { values, .. } => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
