//! `GET /safety/status`: the brake, the overrides, and what was violated lately.
use super::super::routes::{Endpoint, Verb};
use super::super::services::Worker;
use super::super::{Access, Problem};
use super::emergency_mode::EmergencyView;
use super::overrides::OverrideView;
use actix_web::web;
use bellwether_actors::runtime::now;
use bellwether_domain::safety::ViolationRecord;
use bellwether_domain::types::{Capability, Level, Role};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// The route; never throttled.
pub const GET: Endpoint =
    Endpoint::new(Verb::Get, "/safety/status", Access::AtLeast(Role::Viewer), || web::to(get)).never_throttled();

/// A violation bears on the level for so long.
const RECENT: Duration = Duration::from_secs(60);
/// Violations shown.
const SHOWN: usize = 100;

/// State of the safety layer.
#[derive(Debug, Serialize, ToSchema)]
pub struct SafetyStatus {
    /// CRITICAL while the brake is on; else the worst violation of the last minute.
    #[schema(example = "SAFE")]
    level: &'static str,
    /// The brake: every scope in which it is on.
    emergency: Vec<EmergencyView>,
    /// Overrides in force.
    overrides: Vec<OverrideView>,
    /// Violations since the start.
    counts: Vec<CheckCount>,
    /// The latest violations, newest first.
    #[schema(value_type = Vec<Object>)]
    recent_violations: Vec<ViolationRecord>,
}

/// How often a check was violated.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckCount {
    /// Whose outputs.
    #[schema(value_type = String)]
    model: Capability,
    /// Which check.
    check: String,
    /// Its level.
    level: &'static str,
    /// How often.
    count: u64,
}

/// State of the safety layer.
#[utoipa::path(
    get, path = "/safety/status", tag = "safety",
    responses((status = 200, description = "Brake, overrides, violations.", body = SafetyStatus))
)]
pub(crate) async fn get(worker: web::Data<Worker>) -> Result<web::Json<SafetyStatus>, Problem> {
    let (in_force, history) = (worker.services.in_force.load(), worker.services.history.load());
    let since = now().minus(RECENT);
    let recent = history.recent.iter().take_while(|record| record.at >= since);
    let worst = recent.map(|record| record.violation.level).max().unwrap_or(Level::Safe);
    let level = if in_force.emergency.any_active() { Level::Critical } else { worst };
    let count = |(model, check, level, count): &(Capability, String, &'static str, u64)| CheckCount {
        model: *model,
        check: check.clone(),
        level,
        count: *count,
    };
    Ok(web::Json(SafetyStatus {
        level: level.as_str(),
        emergency: in_force.emergency.entries().filter(|entry| entry.active).map(EmergencyView::from).collect(),
        overrides: in_force.overrides.as_slice().iter().map(OverrideView::from).collect(),
        counts: history.counts.iter().map(count).collect(),
        recent_violations: history.recent.iter().take(SHOWN).cloned().collect(),
    }))
}
