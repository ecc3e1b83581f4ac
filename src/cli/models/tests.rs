//! What the commands refuse before they touch anything.
use super::comparing::version_number;
use bellwether_domain::registry::VersionNumber;

#[test]
fn a_version_is_a_number_from_one() {
    for (text, expected) in [("2", Some(2)), ("v2", Some(2)), ("0", None), ("-1", None), ("two", None), ("", None)] {
        assert_eq!(version_number(text).ok(), expected.map(VersionNumber), "{text:?}");
    }
}
