//! Query strings and path parameters that are taken at their word.
use super::problem::{FieldError, Problem};
use actix_web::dev::Payload;
use actix_web::error::PathError;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::value::Error as Opaque;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use std::future::{Ready, ready};

/// The query string as a flat struct `T`; an unknown, repeated or unreadable parameter is a 422 that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrictQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequest for StrictQuery<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let known = field_names::<T>();
    let mut seen = Vec::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if known.is_some_and(|known| !known.contains(&name.as_ref())) {
            let known = known.unwrap_or_default();
            let accepted =
                if known.is_empty() { "none is taken".to_owned() } else { format!("use {}", known.join(", ")) };
            return Err(refused(&name, format!("unknown query parameter: {accepted}")));
        }
        if seen.contains(&name) {
            return Err(refused(&name, "the query parameter is there twice".to_owned()));
        }
        seen.push(name);
    }
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let message = error.inner().to_string();
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let name = missing.map_or_else(|| error.path().to_string(), str::to_owned);
        refused(if name == "." { "" } else { &name }, format!("query parameter: {message}"))
    })
}

fn refused(name: &str, message: String) -> Problem {
    let pointer =
        if name.is_empty() { String::new() } else { ["/", &name.replace('~', "~0").replace('/', "~1")].concat() };
    Problem::unprocessable(vec![FieldError::new(pointer, message)])
}

/// How [`web::Path`] reports a parameter that cannot be read: such a thing does not exist.
#[must_use]
pub fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|error: PathError, _| {
        Problem::not_found(format!("the path names nothing: {}", super::problem::shortened(error.to_string()))).into()
    })
}

/// The names that a derived struct accepts, learned by asking it to deserialise; `None` if it is no plain struct.
fn field_names<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut names = None;
    let _ = T::deserialize(FieldNames(&mut names)); // always an error: only the question matters
    names
}

struct FieldNames<'a>(&'a mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Opaque;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Opaque> {
        Err(Opaque::custom("only the names are wanted"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Opaque> {
        *self.0 = Some(fields);
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Page {
        service: String,
        limit: Option<u32>,
    }

    #[test]
    fn good_queries_pass_and_bad_ones_name_the_parameter() {
        assert_eq!(parse::<Page>("service=a%20b&limit=5"), Ok(Page { service: "a b".to_owned(), limit: Some(5) }));
        assert_eq!(parse::<Page>("service=").unwrap().service, "");
        for (query, pointer) in [
            ("service=a&limt=5", "/limt"),
            ("service=a&service=a", "/service"),
            ("service=a&limit=1&limit=2", "/limit"),
            ("service=a&limit=x", "/limit"),
            ("service=a&limit=-1", "/limit"),
            ("service=a&limit=", "/limit"),
            ("limit=1", "/service"),
            ("", "/service"),
            ("service=a&%FF=1", "/\u{fffd}"),
        ] {
            let problem = parse::<Page>(query).unwrap_err();
            assert_eq!(problem.status().as_u16(), 422);
            assert_eq!(problem.document().errors[0].pointer, pointer, "{query}: {problem}");
        }
    }
}
