//! The logs of the online learners: decisions, rewards and events of experiments, values of streams; and snapshots.
use super::client::Dictionaries;
use super::wire::unreadable;
use bellwether_domain::experiments::{Decision, DecisionId, DecisionMode, ExperimentEvent, RewardRange, StreamValue};
use bellwether_domain::ports::{
    Append, Appended, Claimed, Epoch, Learner, LearnerChange, LearnerSnapshot, LearnerWrite, LearnerWritten, Logged,
    LoggedEntry, SnapshotPart,
};
use bellwether_domain::types::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::sync::Arc;

/// A query of decisions; its first columns are in the order in which [`decision`] reads them.
macro_rules! decisions {
    ($rest:literal) => {
        concat!(
            "SELECT d.seq, d.id, d.experiment, d.at, d.rewardable_until, d.reward_lower, d.reward_upper, d.arm, d.pick, ",
            "d.propensity, d.round, d.model_version, d.context, d.mode",
            $rest
        )
    };
}

const DECISION: &str = decisions!(" FROM decisions d WHERE d.id = ?1");
const DECISIONS: &str = decisions!(" FROM decisions d WHERE d.seq > ?1 ORDER BY d.seq LIMIT ?2");
const REWARDED: &str = decisions!(
    ", r.seq, r.value FROM rewards r JOIN decisions d ON d.seq = r.decision WHERE r.seq > ?1 ORDER BY r.seq LIMIT ?2"
);

/// Makes a new epoch of `learner` and reads its last snapshot.
pub(super) fn claim(connection: &mut Connection, learner: Learner) -> rusqlite::Result<Claimed> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "INSERT INTO learners (name, epoch, position) VALUES (?1, 1, 0)
               ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch, position";
    let (epoch, position) =
        transaction.query_row(sql, [learner.as_str()], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?;
    let parts = {
        let sql = "SELECT part, state FROM learner_parts WHERE learner = ?1 ORDER BY part";
        let mut statement = transaction.prepare(sql)?;
        let read = |row: &Row<'_>| Ok(SnapshotPart { name: row.get(0)?, state: Some(row.get(1)?) });
        statement.query_map([learner.as_str()], read)?.collect::<rusqlite::Result<Vec<_>>>()?
    };
    transaction.commit()?;
    Ok(Claimed { epoch: Epoch(epoch), snapshot: LearnerSnapshot { position, parts } })
}

/// Writes for a learner; only inside a transaction.
pub(super) fn write(
    connection: &Connection,
    dictionaries: &mut Dictionaries,
    write: &LearnerWrite,
) -> rusqlite::Result<LearnerWritten> {
    let LearnerWrite { learner, epoch, change } = write;
    let sql = "SELECT epoch FROM learners WHERE name = ?1";
    let owner: Option<i64> =
        connection.prepare_cached(sql)?.query_row([learner.as_str()], |row| row.get(0)).optional()?;
    if owner.and_then(|owner| u64::try_from(owner).ok()) != Some(epoch.0) {
        return Ok(LearnerWritten::Superseded);
    }
    match change {
        LearnerChange::Append(entries) => {
            let mut log = Log { connection, dictionaries, position: last_position(connection, *learner)? };
            let outcomes = entries.iter().map(|entry| log.append(entry)).collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(LearnerWritten::Appended { position: log.position, outcomes })
        }
        LearnerChange::Snapshot(snapshot) => {
            keep_snapshot(connection, *learner, snapshot)?;
            Ok(LearnerWritten::Snapshot)
        }
    }
}

/// Position of the last entry, also when it has been forgotten since.
fn last_position(connection: &Connection, learner: Learner) -> rusqlite::Result<u64> {
    let sql = match learner {
        Learner::Bandit => {
            "SELECT max((SELECT position FROM learners WHERE name = 'bandit'),
                        coalesce((SELECT max(seq) FROM decisions), 0),
                        coalesce((SELECT max(seq) FROM rewards), 0),
                        coalesce((SELECT max(seq) FROM experiment_events), 0))"
        }
        Learner::Regime => {
            "SELECT max((SELECT position FROM learners WHERE name = 'regime'),
                        coalesce((SELECT max(seq) FROM stream_values), 0))"
        }
    };
    connection.prepare_cached(sql)?.query_row([], |row| unsigned(row, 0))
}

struct Log<'a> {
    connection: &'a Connection,
    dictionaries: &'a mut Dictionaries,
    position: u64,
}

impl Log<'_> {
    fn append(&mut self, entry: &Append) -> rusqlite::Result<Appended> {
        match entry {
            Append::Decision(decision) => self.decision(decision)?,
            Append::Reward { decision, value, at } => return self.reward(*decision, *value, *at),
            Append::Event(event) => self.event(event)?,
            Append::Value(value) => self.value(value)?,
        }
        Ok(Appended::Kept)
    }

    fn next(&mut self) -> i64 {
        self.position += 1;
        signed(self.position)
    }

    fn decision(&mut self, one: &Decision) -> rusqlite::Result<()> {
        let experiment = self.dictionaries.experiments.number_of(self.connection, &one.experiment)?;
        let sql = "INSERT INTO decisions (seq, id, experiment, at, rewardable_until, reward_lower, reward_upper, arm,
                                          pick, propensity, round, model_version, context, mode)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
        let values = params![
            self.next(),
            one.id.to_bytes(),
            experiment,
            one.at.nanoseconds(),
            one.rewardable_until.nanoseconds(),
            one.reward_range.map(|range| range.lower),
            one.reward_range.map(|range| range.upper),
            one.arm,
            one.pick,
            one.propensity,
            signed(one.round),
            signed(one.model_version),
            bytes_of(&one.context),
            number_of(one.mode),
        ];
        self.connection.prepare_cached(sql)?.execute(values).map(|_| ())
    }

    fn reward(&mut self, id: DecisionId, value: f64, at: Timestamp) -> rusqlite::Result<Appended> {
        let mut find = self.connection.prepare_cached(DECISION)?;
        let found = find.query_row([id.to_bytes()], |row| decision(row, self.connection, self.dictionaries));
        let Some((seq, decision)) = found.optional()? else {
            return Ok(Appended::Unknown);
        };
        let sql = "SELECT value FROM rewards WHERE decision = ?1";
        let known: Option<f64> = self.connection.prepare_cached(sql)?.query_row([seq], |row| row.get(0)).optional()?;
        if let Some(known) = known {
            return Ok(if known == value { Appended::Repeated } else { Appended::Conflict { known } });
        }
        if at > decision.rewardable_until {
            return Ok(Appended::Late { until: decision.rewardable_until });
        }
        if let Some(range) = decision.reward_range.filter(|range| !range.holds(value)) {
            return Ok(Appended::OutOfRange(range));
        }
        let sql = "INSERT INTO rewards (seq, decision, value, at) VALUES (?1, ?2, ?3, ?4)";
        self.connection.prepare_cached(sql)?.execute(params![self.next(), seq, value, at.nanoseconds()])?;
        Ok(Appended::Rewarded(Box::new(decision)))
    }

    fn event(&mut self, event: &ExperimentEvent) -> rusqlite::Result<()> {
        let ExperimentEvent { experiment, at, by, document } = event;
        let experiment = self.dictionaries.experiments.number_of(self.connection, experiment)?;
        let sql = "INSERT INTO experiment_events (seq, experiment, at, made_by, document) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![self.next(), experiment, at.nanoseconds(), by, document];
        self.connection.prepare_cached(sql)?.execute(values).map(|_| ())
    }

    fn value(&mut self, one: &StreamValue) -> rusqlite::Result<()> {
        let service = self.dictionaries.services.number_of(self.connection, &one.service)?;
        let quantity = self.dictionaries.names.number_of(self.connection, &one.quantity)?;
        let sql = "INSERT INTO stream_values (seq, service, name, at, value) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![self.next(), service, quantity, one.at.nanoseconds(), one.value];
        self.connection.prepare_cached(sql)?.execute(values).map(|_| ())
    }
}

fn keep_snapshot(connection: &Connection, learner: Learner, snapshot: &LearnerSnapshot) -> rusqlite::Result<()> {
    let name = learner.as_str();
    let mut keep =
        connection.prepare_cached("INSERT OR REPLACE INTO learner_parts (learner, part, state) VALUES (?1, ?2, ?3)")?;
    let mut remove = connection.prepare_cached("DELETE FROM learner_parts WHERE learner = ?1 AND part = ?2")?;
    for SnapshotPart { name: part, state } in &snapshot.parts {
        match state {
            Some(state) => keep.execute(params![name, part, state])?,
            None => remove.execute(params![name, part])?,
        };
    }
    let position = signed(snapshot.position);
    let sql = "UPDATE learners SET position = max(position, ?2) WHERE name = ?1";
    connection.prepare_cached(sql)?.execute(params![name, position])?;
    if learner == Learner::Regime {
        // The snapshot holds what they did; nothing else ever asks for them.
        connection.prepare_cached("DELETE FROM stream_values WHERE seq <= ?1")?.execute([position])?;
    }
    Ok(())
}

/// Positions that one call of [`forget_decisions`] looks at, so that it never keeps others waiting for long.
const FORGOTTEN_AT_ONCE: i64 = 4_000;

/// Forgets decisions made before `end` that the snapshot covers, with their rewards; the oldest few thousand at a time.
pub(super) fn forget_decisions(connection: &Connection, end: Timestamp) -> rusqlite::Result<usize> {
    let sql = "SELECT min(coalesce((SELECT seq - 1 FROM decisions WHERE at >= ?1 ORDER BY seq LIMIT 1),
                                   (SELECT max(seq) FROM decisions)),
                          (SELECT position FROM learners WHERE name = 'bandit'),
                          (SELECT min(seq) FROM decisions) + ?2)";
    let last: Option<i64> =
        connection.prepare_cached(sql)?.query_row((end.nanoseconds(), FORGOTTEN_AT_ONCE), |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    connection.execute("DELETE FROM rewards WHERE decision <= ?1", [last])?;
    connection.execute("DELETE FROM decisions WHERE seq <= ?1", [last])
}

/// A page of the log.
pub(super) fn log_after(
    connection: &Connection,
    dictionaries: &mut Dictionaries,
    learner: Learner,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Logged>> {
    let limits = (signed(after), i64::try_from(limit).unwrap_or(i64::MAX));
    let mut entries = match learner {
        Learner::Bandit => bandit_log(connection, dictionaries, limits)?,
        Learner::Regime => stream_log(connection, dictionaries, limits)?,
    };
    // Each table gave its first entries: what lies behind the first `limit` of all may have gaps before it.
    entries.sort_unstable_by_key(|one| one.position);
    entries.truncate(limit);
    Ok(entries)
}

fn bandit_log(
    connection: &Connection,
    dictionaries: &mut Dictionaries,
    limits: (i64, i64),
) -> rusqlite::Result<Vec<Logged>> {
    let mut entries = Vec::new();
    let mut statement = connection.prepare_cached(DECISIONS)?;
    let mut rows = statement.query(limits)?;
    while let Some(row) = rows.next()? {
        let (seq, decision) = decision(row, connection, dictionaries)?;
        entries.push(Logged { position: unsigned_of(seq), entry: LoggedEntry::Decision(decision) });
    }
    let mut statement = connection.prepare_cached(REWARDED)?;
    let mut rows = statement.query(limits)?;
    while let Some(row) = rows.next()? {
        let (_, decision) = decision(row, connection, dictionaries)?;
        let entry = LoggedEntry::Reward { decision, value: row.get(15)? };
        entries.push(Logged { position: unsigned(row, 14)?, entry });
    }
    let experiments = dictionaries.experiments.all(connection)?;
    let sql = "SELECT seq, experiment, at, made_by, document FROM experiment_events
               WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(limits)?;
    while let Some(row) = rows.next()? {
        let Some(experiment) = experiments.get(&row.get(1)?).cloned() else { continue }; // foreign keys forbid it
        let at = Timestamp::from_nanoseconds(row.get(2)?);
        let event = ExperimentEvent { experiment, at, by: row.get(3)?, document: row.get(4)? };
        entries.push(Logged { position: unsigned(row, 0)?, entry: LoggedEntry::Event(event) });
    }
    Ok(entries)
}

fn stream_log(
    connection: &Connection,
    Dictionaries { services, names, .. }: &mut Dictionaries,
    limits: (i64, i64),
) -> rusqlite::Result<Vec<Logged>> {
    let (services, names) = (services.all(connection)?, names.all(connection)?);
    let sql = "SELECT seq, service, name, at, value FROM stream_values WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let (mut rows, mut entries) = (statement.query(limits)?, Vec::new());
    while let Some(row) = rows.next()? {
        let (service, quantity) = (services.get(&row.get(1)?).cloned(), names.get(&row.get(2)?).cloned());
        let (Some(service), Some(quantity)) = (service, quantity) else { continue }; // foreign keys forbid it
        let value = StreamValue { service, quantity, at: Timestamp::from_nanoseconds(row.get(3)?), value: row.get(4)? };
        entries.push(Logged { position: unsigned(row, 0)?, entry: LoggedEntry::Value(value) });
    }
    Ok(entries)
}

/// A decision and its position.
fn decision(
    row: &Row<'_>,
    connection: &Connection,
    dictionaries: &mut Dictionaries,
) -> rusqlite::Result<(i64, Decision)> {
    let number = row.get(2)?;
    let experiment = dictionaries.experiments.text_of(connection, number)?;
    let (lower, upper): (Option<f64>, Option<f64>) = (row.get(5)?, row.get(6)?);
    let decision = Decision {
        id: DecisionId::from_bytes(row.get(1)?),
        experiment,
        at: Timestamp::from_nanoseconds(row.get(3)?),
        rewardable_until: Timestamp::from_nanoseconds(row.get(4)?),
        reward_range: lower.zip(upper).map(|(lower, upper)| RewardRange { lower, upper }),
        arm: row.get(7)?,
        pick: row.get(8)?,
        propensity: row.get(9)?,
        round: unsigned(row, 10)?,
        model_version: unsigned(row, 11)?,
        context: numbers_of(row, 12)?,
        mode: mode_of(row, 13)?,
    };
    Ok((row.get(0)?, decision))
}

const fn number_of(mode: DecisionMode) -> i64 {
    match mode {
        DecisionMode::Live => 0,
        DecisionMode::Shadow => 1,
        DecisionMode::BaselineOnly => 2,
    }
}

fn mode_of(row: &Row<'_>, column: usize) -> rusqlite::Result<DecisionMode> {
    match row.get(column)? {
        0 => Ok(DecisionMode::Live),
        1 => Ok(DecisionMode::Shadow),
        2 => Ok(DecisionMode::BaselineOnly),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

/// Numbers as bytes, bit for bit.
fn bytes_of(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_bits().to_le_bytes()).collect()
}

fn numbers_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Arc<[f64]>> {
    let bytes = row.get_ref(column)?.as_blob()?;
    let (chunks, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(unreadable(column, std::io::Error::other("a list of numbers is cut off")));
    }
    Ok(chunks.iter().map(|chunk| f64::from_bits(u64::from_le_bytes(*chunk))).collect())
}

/// Positions and rounds never come near 2^63.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned_of(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(unsigned_of)
}
