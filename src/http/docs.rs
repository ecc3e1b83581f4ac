//! `/docs/`: the OpenAPI document to browse and try, all from this binary; the pages load nothing from outside.
use super::problem::Problem;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Route, middleware, web};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

/// Own scripts only; styles and images may be inline, since the page builds them at run time.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // "none": else the page asks a validator on the internet about the document.
    Arc::new(
        Config::new(["/openapi.json"]).validator_url("none").try_it_out_enabled(true).display_request_duration(true),
    )
});

/// `/docs` to `/docs/`, relative to which the pages name their files.
pub(super) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "docs/")).finish()
}

/// The files are large and asked for by browsers: compressed.
pub(super) fn files_route() -> Route {
    web::to(file).wrap(middleware::Compress::default())
}

async fn file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let name = request.match_info().get("file").unwrap_or_default();
    let missing = || Problem::not_found("there is no such page below /docs/");
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).map_err(|_| missing())?.ok_or_else(missing)?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(found.content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    Ok(match found.bytes {
        Cow::Borrowed(bytes) => response.body(bytes),
        Cow::Owned(bytes) => response.body(bytes),
    })
}
