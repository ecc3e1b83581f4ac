//! The one table of routes: everything about a route that is not its handler is said in its row.
//!
//! Access, throttling, metrics, 405 with `Allow` and the completeness of the OpenAPI document all derive from it. A
//! handler cannot be reached without a row, since only rows are mounted.
use super::auth::Access;
use super::edge::{Edge, EdgeParts};
use super::limits::Admission;
use super::problem::Problem;
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Route, guard};
use std::fmt::Write;

/// Method of a route. `HEAD` comes with `Get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names of HTTP")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// As HTTP says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    pub(super) const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }

    /// Whether a request's method asks for this.
    pub(super) fn answers(self, method: &Method) -> bool {
        *method == self.method() || (self == Self::Get && *method == Method::HEAD)
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// Method.
    pub verb: Verb,
    /// Path, in actix-web's syntax: `/models/bandit/{decision_id}/reward`.
    pub pattern: &'static str,
    /// What it asks of its caller.
    pub access: Access,
    /// Whether it counts against the limit of requests in flight.
    pub admission: Admission,
    /// Whether the OpenAPI document must name it.
    pub documented: bool,
    /// Makes the handler, without a method guard: `|| web::to(handler)`.
    pub handler: fn() -> Route,
}

impl Endpoint {
    /// A documented route that counts against the limit.
    #[must_use]
    pub const fn new(verb: Verb, pattern: &'static str, access: Access, handler: fn() -> Route) -> Self {
        Self { verb, pattern, access, admission: Admission::Limited, documented: true, handler }
    }

    /// Never refused for load.
    #[must_use]
    pub const fn never_throttled(self) -> Self {
        Self { admission: Admission::Always, ..self }
    }

    /// Not in the OpenAPI document: pages for people.
    #[must_use]
    pub const fn undocumented(self) -> Self {
        Self { documented: false, ..self }
    }
}

/// A table of routes, as slices so that each part of the API keeps its own rows: `&[safety::ROUTES, models::ROUTES]`.
pub type Table = &'static [&'static [Endpoint]];

/// The routes that the edge brings itself: the OpenAPI document and its pages.
pub const OWN: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/openapi.json", Access::Public, super::openapi::document_route),
    Endpoint::new(Verb::Get, "/docs", Access::Public, || web::to(super::docs::redirect)).undocumented(),
    Endpoint::new(Verb::Get, "/docs/{file:.*}", Access::Public, super::docs::files_route).undocumented(),
];

/// All rows.
pub fn rows(table: Table) -> impl Iterator<Item = &'static Endpoint> {
    table.iter().copied().flatten()
}

/// Mounts every row behind the edge, and a 404 for everything else.
pub fn mount(config: &mut ServiceConfig, table: Table, parts: &EdgeParts) {
    let mut patterns: Vec<&'static str> = Vec::new();
    for row in rows(table) {
        if !patterns.contains(&row.pattern) {
            patterns.push(row.pattern);
        }
    }
    for pattern in patterns {
        let here: Vec<&'static Endpoint> = rows(table).filter(|row| row.pattern == pattern).collect();
        let mut resource = web::resource(pattern);
        for row in &here {
            let verb = row.verb;
            resource = resource.route((row.handler)().guard(guard::fn_guard(move |c| verb.answers(&c.head().method))));
        }
        config.service(resource.wrap(Edge::new(pattern, here, parts.clone())));
    }
    config.default_service(web::to(nothing_here).wrap(Edge::unmatched(parts.clone())));
}

async fn nothing_here(request: HttpRequest) -> Problem {
    let path: String = request.path().chars().take(200).collect();
    Problem::not_found(format!("there is nothing at {path}: /openapi.json lists what there is"))
}

/// The value of `Allow` for the rows of one pattern.
pub(super) fn allow(rows: &[&'static Endpoint]) -> HeaderValue {
    let mut methods: Vec<_> = rows.iter().map(|row| row.verb).collect();
    methods.sort_unstable();
    let mut text = String::new();
    for verb in methods {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}{}", verb.as_str()); // writing to a string cannot fail
        if verb == Verb::Get {
            text.push_str(", HEAD");
        }
    }
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What is wrong with a table: a row twice, or a pattern that an earlier one hides. Meant for a test.
#[must_use]
pub fn faults(table: Table) -> Vec<String> {
    let all: Vec<_> = rows(table).collect();
    let mut faults = Vec::new();
    for (i, later) in all.iter().enumerate() {
        for earlier in all.iter().take(i) {
            let same_row = earlier.pattern == later.pattern && earlier.verb == later.verb;
            if same_row {
                faults.push(format!("{} {} is there twice", later.verb.as_str(), later.pattern));
            }
            if earlier.pattern != later.pattern && hides(earlier.pattern, later.pattern) {
                faults.push(format!("{} is never reached: {} comes first", later.pattern, earlier.pattern));
            }
        }
    }
    faults
}

/// Whether every path of `later` also matches `earlier`: then actix-web never gets to `later`.
fn hides(earlier: &str, later: &str) -> bool {
    let (mut earlier, mut later) = (earlier.split('/'), later.split('/'));
    loop {
        match (earlier.next(), later.next()) {
            (Some(a), _) if a.starts_with('{') && a.ends_with(":.*}") => return true,
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || (a.starts_with('{') && !a.contains(':')) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verb: Verb, pattern: &'static str) -> Endpoint {
        Endpoint::new(verb, pattern, Access::Public, || web::to(nothing_here))
    }

    #[test]
    fn the_own_table_is_sound() {
        assert_eq!(faults(&[OWN]), Vec::<String>::new());
    }

    #[test]
    fn faults_of_a_table_are_found() {
        let leak = |rows: Vec<Endpoint>| -> Table { Vec::leak(vec![&*Vec::leak(rows)]) };
        let faults_of = |patterns: &[&'static str]| {
            faults(leak(patterns.iter().map(|pattern| row(Verb::Get, pattern)).collect())).len()
        };
        assert_eq!(faults_of(&["/a", "/b", "/a/{x}", "/a/{x}/b"]), 0);
        assert_eq!(faults_of(&["/a", "/a"]), 1);
        assert_eq!(faults_of(&["/a/{x}", "/a/b"]), 1);
        assert_eq!(faults_of(&["/a/b", "/a/{x}"]), 0);
        assert_eq!(faults_of(&["/a/{x}", "/a/{y}"]), 1);
        assert_eq!(faults_of(&["/d/{f:.*}", "/d/x/y"]), 1);
    }

    #[test]
    fn allow_lists_the_methods_and_head_with_get() {
        let rows: &'static [Endpoint] = Vec::leak(vec![row(Verb::Post, "/a"), row(Verb::Get, "/a")]);
        assert_eq!(allow(&rows.iter().collect::<Vec<_>>()), "GET, HEAD, POST");
    }
}
