//! Who runs the command.
use std::fs;

/// Name of the operating system's user of this process; its number where the system does not know the name.
pub(super) fn name() -> String {
    let id = rustix::process::getuid().as_raw();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    named(&users, id).unwrap_or_else(|| format!("user {id}"))
}

/// The name of a user in the system's list (`name:password:number:...`).
fn named(users: &str, id: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(id) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nbroken\nada:x:1000:1000::/home:/bin/sh\n";
        for (id, expected) in [(0, Some("root")), (1000, Some("ada")), (100, None)] {
            assert_eq!(named(users, id).as_deref(), expected, "{id}");
        }
    }
}
