//! The OpenAPI 3.1 document: handlers say what is their own with `#[utoipa::path]`, the table of routes says the rest.
//!
//! utoipa knows actix-web's extractors, not ours: write `request_body = T` for `StrictJson<T>`, `params(T)` with
//! `#[into_params(parameter_in = Query)]` for `StrictQuery<T>`. A handler documents its success and its special refusals (409, 412, a 404 without a path parameter); whatever the
//! edge itself can answer is added here from the route's row, so that it cannot be forgotten or contradicted.
use super::auth::Access;
use super::limits::Admission;
use super::problem::{PROBLEM_JSON, Problem, ProblemDocument};
use super::routes::{Endpoint, OWN, Table, rows};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Route, middleware, web};
use bellwether_domain::types::Role;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

#[derive(utoipa::OpenApi)]
#[openapi(paths(document))]
struct OwnApi;

/// The document as it is sent; made once.
#[derive(Clone)]
pub struct RenderedDocument(Bytes);

impl RenderedDocument {
    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for RenderedDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderedDocument").field("bytes", &self.len()).finish()
    }
}

/// Puts the parts together and completes them from the table: title, key, and the refusals of the edge.
///
/// # Errors
/// A part that does not serialise; a fault of the program.
pub fn assemble(parts: impl IntoIterator<Item = OpenApi>, table: Table) -> serde_json::Result<Value> {
    let mut whole = OwnApi::openapi();
    for part in parts {
        whole.merge(part);
    }
    let mut document = serde_json::to_value(&whole)?;
    document["info"] = json!({
        "title": "Bellwether",
        "description": "An ML control plane for trading systems: it forecasts, notices, decides, and answers safely.",
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    add_schemas(&mut document)?;
    document["components"]["securitySchemes"]["key"] =
        json!({ "type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer bw_…`" });
    for refusal in REFUSALS {
        document["components"]["responses"][refusal.name] = refusal.response();
    }
    for row in rows(table) {
        let operation = document["paths"].get_mut(row.pattern).and_then(|item| item.get_mut(key_of(row)));
        if let Some(operation) = operation.and_then(Value::as_object_mut) {
            complete(operation, row);
        }
    }
    Ok(document)
}

/// The document as bytes, for [`super::server::bind`].
#[must_use]
pub fn render(document: &Value) -> RenderedDocument {
    RenderedDocument(Bytes::from(document.to_string()))
}

/// Where table and document disagree; empty when every route is documented and every documented path exists. For a test.
#[must_use]
pub fn disagreements(document: &Value, table: Table) -> Vec<String> {
    let documented =
        |row: &Endpoint| document["paths"].get(row.pattern).is_some_and(|item| item.get(key_of(row)).is_some());
    let name = |method: &str, path: &str| format!("{} {path}", method.to_uppercase());
    let mut found = Vec::new();
    for row in rows(table).filter(|row| row.documented && !documented(row)) {
        found.push(format!("{} is mounted but not documented", name(row.verb.as_str(), row.pattern)));
    }
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let parameter_name = parameter["name"].as_str().unwrap_or_default();
                if parameter["in"] == "path" && !path.contains(&format!("{{{parameter_name}}}")) {
                    found
                        .push(format!("{} has no `{parameter_name}` in its path: it is a query's", name(method, path)));
                }
            }
            if !rows(table).any(|row| row.pattern == path && key_of(row) == *method) {
                found.push(format!("{} is documented but not mounted", name(method, path)));
            }
        }
    }
    found
}

fn key_of(row: &Endpoint) -> String {
    row.verb.as_str().to_ascii_lowercase()
}

fn add_schemas(document: &mut Value) -> serde_json::Result<()> {
    let mut schemas = Vec::new();
    ProblemDocument::schemas(&mut schemas);
    schemas.push((ProblemDocument::name().into_owned(), ProblemDocument::schema()));
    for (name, schema) in schemas {
        document["components"]["schemas"][name] = serde_json::to_value(schema)?;
    }
    Ok(())
}

/// A refusal that several routes share.
struct Refusal {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    header: Option<(&'static str, &'static str)>,
    /// Whether a route with these traits can answer so.
    occurs: fn(&Traits) -> bool,
}

struct Traits {
    has_body: bool,
    has_query: bool,
    has_path_parameter: bool,
    access: Access,
    admission: Admission,
}

const RETRY_AFTER: Option<(&str, &str)> = Some(("Retry-After", "Seconds to wait."));
const REFUSALS: [Refusal; 12] = [
    refusal("400", "Unreadable", "Not JSON, a duplicate key, or an unreadable request.", None, |_| true),
    refusal("401", "Unauthorized", "No key where one is needed, or one that is not known.", None, |_| true),
    refusal("403", "Forbidden", "The key's role is too low.", None, |t| needs_more_than_reading(t.access)),
    refusal("404", "NotFound", "The path names nothing.", None, |t| t.has_path_parameter),
    refusal("405", "MethodNotAllowed", "Another method is needed.", Some(("Allow", "The methods.")), |_| true),
    refusal("408", "RequestTimeout", "The body did not arrive in time.", None, |t| t.has_body),
    refusal("413", "TooLarge", "The body is too long.", None, |t| t.has_body),
    refusal("415", "WrongMediaType", "The body has another media type.", None, |t| t.has_body),
    refusal("422", "Unprocessable", "Against the schema.", None, |t| t.has_body || t.has_query),
    refusal("429", "TooManyRequests", "Too many requests are in flight.", RETRY_AFTER, |t| {
        t.admission == Admission::Limited
    }),
    refusal("500", "Internal", "A fault of the server.", None, |_| true),
    refusal("503", "Unavailable", "Down for now; safe to repeat.", RETRY_AFTER, |t| t.access != Access::Public),
];

const fn refusal(
    status: &'static str,
    name: &'static str,
    description: &'static str,
    header: Option<(&'static str, &'static str)>,
    occurs: fn(&Traits) -> bool,
) -> Refusal {
    Refusal { status, name, description, header, occurs }
}

const fn needs_more_than_reading(access: Access) -> bool {
    !matches!(access, Access::Public | Access::AtLeast(Role::Viewer))
}

impl Refusal {
    fn response(&self) -> Value {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let mut response =
            json!({ "description": self.description, "content": { PROBLEM_JSON: { "schema": schema } } });
        if let Some((name, description)) = self.header {
            response["headers"][name] = json!({ "description": description, "schema": { "type": "string" } });
        }
        response
    }
}

fn complete(operation: &mut Map<String, Value>, row: &Endpoint) {
    let has_parameter = |operation: &Map<String, Value>, place: &str| {
        let parameters = operation.get("parameters").and_then(Value::as_array);
        parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] == place))
    };
    let traits = Traits {
        has_body: operation.contains_key("requestBody"),
        has_query: has_parameter(operation, "query"),
        has_path_parameter: has_parameter(operation, "path"),
        access: row.access,
        admission: row.admission,
    };
    match row.access {
        Access::Public => {}
        Access::AtLeast(Role::Viewer) => drop(operation.insert("security".to_owned(), json!([{}, { "key": [] }]))),
        Access::AtLeast(_) => drop(operation.insert("security".to_owned(), json!([{ "key": [] }]))),
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    for refusal in REFUSALS.iter().filter(|refusal| (refusal.occurs)(&traits)) {
        if responses.get(refusal.status).is_none() {
            responses[refusal.status] = json!({ "$ref": format!("#/components/responses/{}", refusal.name) });
        }
    }
}

/// `GET /openapi.json`, compressed for those who take it.
pub(super) fn document_route() -> Route {
    web::to(document).wrap(middleware::Compress::default())
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "documentation",
    responses((status = 200, description = "The OpenAPI 3.1 document.", body = Object, content_type = "application/json"))
)]
async fn document(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let document = request.app_data::<RenderedDocument>();
    let document = document.ok_or_else(|| Problem::internal("the server was built without its document"))?;
    let json = HeaderValue::from_static("application/json");
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, json)).body(document.0.clone()))
}

/// The own rows; others join them in one [`Table`].
pub const OWN_TABLE: Table = &[OWN];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_document_is_complete_and_3_1() {
        let document = assemble([], OWN_TABLE).unwrap();
        assert_eq!(disagreements(&document, OWN_TABLE), Vec::<String>::new());
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let operation = &document["paths"]["/openapi.json"]["get"];
        for status in ["200", "400", "401", "405", "429", "500"] {
            assert!(operation["responses"].get(status).is_some(), "{status} in {operation}");
        }
        let schemas = document["components"]["schemas"].as_object().unwrap();
        assert!(schemas.contains_key("Problem") && schemas.contains_key("FieldError"), "{schemas:?}");
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn disagreements_are_found_both_ways() {
        let document = assemble([], OWN_TABLE).unwrap();
        assert_eq!(disagreements(&document, &[]), ["GET /openapi.json is documented but not mounted"]);
        assert_eq!(
            disagreements(&json!({ "paths": {} }), OWN_TABLE),
            ["GET /openapi.json is mounted but not documented"]
        );
        let misplaced =
            json!({ "paths": { "/openapi.json": { "get": { "parameters": [{ "in": "path", "name": "limit" }] } } } });
        assert_eq!(disagreements(&misplaced, OWN_TABLE).len(), 1);
    }
}
