//! What a replay goes through: contexts, what each arm pays, and when.
use super::super::Refusal;
use super::table::{Table, check_room, refused};
use bellwether_adapters::csv::{Column, Row};
use bellwether_models::optimize::bandit::{MOST_ARMS, within_reach};
use std::collections::HashMap;

/// An arm as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arm {
    /// The label, or the reward column's name.
    pub(super) name: String,
    /// The label, or the number in the reward column's name.
    pub(super) id: String,
}

/// What the arms pay.
#[derive(Debug)]
enum Payoffs {
    /// Arm of each row's label: it pays 1, the others 0.
    Labels(Vec<u32>),
    /// Row after row, what each arm pays.
    Table(Vec<f64>),
}

/// When a reward is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Before the round that comes so many rounds after the next.
    After(usize),
    Never,
}

/// The rounds of a replay.
#[derive(Debug)]
pub(super) struct Rounds {
    pub(super) arms: Vec<Arm>,
    pub(super) dimension: usize,
    contexts: Vec<f64>,
    payoffs: Payoffs,
    arrivals: Option<Vec<Arrival>>,
    /// Row of each round.
    order: Option<Vec<u32>>,
}

impl Rounds {
    /// A classification table: the columns beside the label and a constant 1 are the context.
    pub(super) fn of_labels(mut table: Table, label: &str) -> Result<Self, Refusal> {
        let label = table.column(label).map_err(|error| refused(&error))?;
        let features: Vec<Column> =
            (0..table.columns().len()).filter_map(|index| table.nth(index)).filter(|column| *column != label).collect();
        let dimension = features.len() + 1;
        let (mut contexts, mut labels, mut known) = (Vec::new(), Vec::new(), HashMap::new());
        let file = table.file().to_owned();
        while let Some(row) = table.next_row().map_err(|error| refused(&error))? {
            check_room(&file, labels.len(), dimension)?;
            let name = row.text(label).map_err(|error| refused(&error))?.trim();
            if name.is_empty() {
                return Err(refused(&row.empty(label)));
            }
            let next = known.len() as u32;
            labels.push(*known.entry(name.to_owned()).or_insert(next));
            if known.len() > MOST_ARMS {
                let what =
                    format!("line {} brings the label number {}: there may be {MOST_ARMS}", row.line(), known.len());
                return Err(Refusal::new(what, "name a column of classes with --label").at(file));
            }
            push_features(&row, &features, &mut contexts)?;
            contexts.push(1.0);
        }
        let (arms, places) = sorted(known);
        labels.iter_mut().for_each(|label| *label = places[*label as usize]);
        let rounds = Self { arms, dimension, contexts, payoffs: Payoffs::Labels(labels), arrivals: None, order: None };
        rounds.check_some(&file)
    }

    /// A table that says of every arm what it would have paid.
    pub(super) fn of_rewards(
        mut table: Table,
        context: &str,
        rewards: &str,
        delay: Option<&str>,
    ) -> Result<Self, Refusal> {
        let features: Vec<Column> =
            numbered(&table, context, "context")?.into_iter().map(|(_, column)| column).collect();
        let paid = numbered(&table, rewards, "rewards")?;
        let delay = delay.map(|name| table.column(name)).transpose().map_err(|error| refused(&error))?;
        let arm = |(number, _): &(u32, Column)| Arm { name: format!("{rewards}{number}"), id: number.to_string() };
        let arms: Vec<Arm> = paid.iter().map(arm).collect();
        let paid: Vec<Column> = paid.into_iter().map(|(_, column)| column).collect();
        let (mut contexts, mut payoffs, mut arrivals) = (Vec::new(), Vec::new(), Vec::new());
        let (file, width) = (table.file().to_owned(), features.len() + paid.len());
        while let Some(row) = table.next_row().map_err(|error| refused(&error))? {
            check_room(&file, payoffs.len() / paid.len().max(1), width)?;
            push_features(&row, &features, &mut contexts)?;
            push_numbers(&row, &paid, &mut payoffs)?;
            if let Some(column) = delay {
                arrivals.push(arrival(&row, column)?);
            }
        }
        let (dimension, arrivals) = (features.len(), delay.map(|_| arrivals));
        let rounds = Self { arms, dimension, contexts, payoffs: Payoffs::Table(payoffs), arrivals, order: None };
        rounds.check_some(&file)
    }

    fn check_some(self, file: &str) -> Result<Self, Refusal> {
        match self.rows() {
            0 => Err(Refusal::new(format!("{file} has no rows"), "give a row for each round below the header")),
            _ => Ok(self),
        }
    }

    /// Goes through the rows in the order that a column gives, counted from 0.
    pub(super) fn ordered(self, mut table: Table, column: &str) -> Result<Self, Refusal> {
        let column = table.column(column).map_err(|error| refused(&error))?;
        let (file, rows, mut order) = (table.file().to_owned(), self.rows(), Vec::new());
        while let Some(row) = table.next_row().map_err(|error| refused(&error))? {
            check_room(&file, order.len(), 1)?;
            let number = row.number(column).map_err(|error| refused(&error))?;
            let number = number.ok_or_else(|| refused(&row.empty(column)))?;
            if number.fract() != 0.0 || !(0.0..rows as f64).contains(&number) {
                let what = format!("line {} names row {number}: there are {rows}, counted from 0", row.line());
                return Err(Refusal::new(what, "give whole numbers of rows below the header").at(file));
            }
            order.push(number as u32);
        }
        if order.is_empty() {
            return Err(Refusal::new(format!("{file} has no rows"), "give the number of a row for each round"));
        }
        Ok(Self { order: Some(order), ..self })
    }

    fn rows(&self) -> usize {
        self.contexts.len() / self.dimension.max(1)
    }

    /// Number of rounds.
    pub(super) fn len(&self) -> usize {
        self.order.as_ref().map_or(self.rows(), Vec::len)
    }

    fn row(&self, round: usize) -> usize {
        self.order.as_ref().map_or(round, |order| order[round] as usize)
    }

    pub(super) fn context(&self, round: usize) -> &[f64] {
        let start = self.row(round) * self.dimension;
        &self.contexts[start..start + self.dimension]
    }

    /// What one arm pays: a replay may ask for the arm that was chosen alone.
    pub(super) fn reward(&self, round: usize, arm: usize) -> f64 {
        let row = self.row(round);
        match &self.payoffs {
            Payoffs::Labels(labels) => f64::from(u8::from(labels[row] as usize == arm)),
            Payoffs::Table(payoffs) => payoffs[row * self.arms.len() + arm],
        }
    }

    /// What the best arm pays: for the regret, when all is chosen.
    pub(super) fn largest_reward(&self, round: usize) -> f64 {
        (0..self.arms.len()).map(|arm| self.reward(round, arm)).fold(f64::MIN, f64::max)
    }

    pub(super) fn arrival(&self, round: usize) -> Arrival {
        self.arrivals.as_ref().map_or(Arrival::After(0), |arrivals| arrivals[self.row(round)])
    }

    /// The first reward outside of \[0, 1\], with its round.
    pub(super) fn outside_unit(&self) -> Option<(usize, f64)> {
        let Payoffs::Table(payoffs) = &self.payoffs else { return None };
        let index = payoffs.iter().position(|reward| !(0.0..=1.0).contains(reward))?;
        Some((index / self.arms.len(), payoffs[index]))
    }
}

fn push_numbers(row: &Row<'_>, columns: &[Column], numbers: &mut Vec<f64>) -> Result<(), Refusal> {
    for column in columns {
        let number = row.number(*column).map_err(|error| refused(&error))?;
        numbers.push(number.ok_or_else(|| refused(&row.empty(*column)))?);
    }
    Ok(())
}

fn push_features(row: &Row<'_>, columns: &[Column], contexts: &mut Vec<f64>) -> Result<(), Refusal> {
    let start = contexts.len();
    push_numbers(row, columns, contexts)?;
    contexts[start..].iter_mut().for_each(|feature| *feature = within_reach(*feature));
    Ok(())
}

fn arrival(row: &Row<'_>, column: Column) -> Result<Arrival, Refusal> {
    match row.number(column).map_err(|error| refused(&error))? {
        None => Ok(Arrival::Never),
        Some(-1.0) => Ok(Arrival::Never),
        Some(rounds) if rounds >= 0.0 && rounds.fract() == 0.0 => Ok(Arrival::After(rounds as usize)),
        Some(rounds) => {
            let what = format!("line {} has a delay of {rounds}", row.line());
            Err(Refusal::new(what, "give whole rounds, or -1 for a reward that never comes"))
        }
    }
}

/// The columns whose name is the prefix and a number, by that number.
fn numbered(table: &Table, prefix: &str, option: &str) -> Result<Vec<(u32, Column)>, Refusal> {
    let number = |name: &str| {
        let digits = name.strip_prefix(prefix)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u32>().ok())?
    };
    let columns = table.columns().iter().enumerate();
    let mut found: Vec<(u32, Column)> =
        columns.filter_map(|(index, name)| Some((number(name)?, table.nth(index)?))).collect();
    found.sort_by_key(|(number, _)| *number);
    if let Some(pair) = found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let what = format!("{} has two columns \"{prefix}\" with number {}", table.file(), pair[0].0);
        return Err(Refusal::new(what, "rename one of them"));
    }
    if found.is_empty() {
        let what = format!("{} has no columns named \"{prefix}\" and a number", table.file());
        return Err(Refusal::new(
            what,
            format!("name the prefix of its columns with --{option}, such as x for x0, x1"),
        ));
    }
    Ok(found)
}

/// Arms in the order of their labels, whole numbers by their value, and the place of each label as first seen.
fn sorted(known: HashMap<String, u32>) -> (Vec<Arm>, Vec<u32>) {
    let mut labels: Vec<(String, u32)> = known.into_iter().collect();
    let value = |label: &str| label.parse::<i64>().ok();
    if labels.iter().all(|(label, _)| value(label).is_some()) {
        labels.sort_by(|(one, _), (other, _)| value(one).cmp(&value(other)).then_with(|| one.cmp(other)));
    } else {
        labels.sort();
    }
    let mut places = vec![0; labels.len()];
    for (place, (_, seen)) in labels.iter().enumerate() {
        places[*seen as usize] = place as u32;
    }
    (labels.into_iter().map(|(label, _)| Arm { name: label.clone(), id: label }).collect(), places)
}
