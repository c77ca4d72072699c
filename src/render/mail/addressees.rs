//! `To:` and `Cc:` (RFC 5322, 3.6.3): the maintainers; the reviewers and the lists.
//!
//! In: what a MAINTAINERS file says, of whatever bytes. Out: headers, an address a line. What is no plain address
//! is left out, so that nothing can add a header.

use super::subject::encoded;
use crate::routing::{Routing, name_and_address};

/// Addresses of a header; no section of the kernel's has a quarter.
const MAX_ADDRESSES: usize = 100;

/// Characters of a name.
const MAX_NAME: usize = 100;

/// Both headers, with a line feed at the end of each. Where there is no maintainer the lists come first.
pub fn headers(routing: &Routing) -> String {
    let read = |all: &[String]| {
        all.iter()
            .filter_map(|one| address(one))
            .collect::<Vec<_>>()
    };
    let mut to = read(&routing.maintainers);
    let mut cc = read(&routing.reviewers);
    let lists = read(&routing.lists);
    match to.is_empty() {
        true => to = lists,
        false => cc.extend(lists),
    }
    header("To", &to) + &header("Cc", &cc)
}

fn header(name: &str, addresses: &[String]) -> String {
    let some = &addresses[..addresses.len().min(MAX_ADDRESSES)];
    match some {
        [] => String::new(),
        some => format!("{name}: {}\n", some.join(",\n ")),
    }
}

fn address(text: &str) -> Option<String> {
    let (name, address) = name_and_address(text);
    let (local, domain) = address.split_once('@')?;
    let is_local = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_domain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let fits = |part: &str, is: &dyn Fn(char) -> bool| {
        (1..=200).contains(&part.len()) && part.chars().all(is)
    };
    (fits(local, &is_local) && fits(domain, &is_domain)).then_some(())?;
    let name: String = name.chars().take(MAX_NAME).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " -.'(),".contains(c);
    Some(match name.as_str() {
        "" => address.to_owned(),
        name if name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-') =>
        {
            format!("{name} <{address}>")
        }
        name if name.chars().all(is_plain) => format!("\"{name}\" <{address}>"),
        name => format!("{} <{address}>", encoded(name)),
    })
}

#[cfg(test)]
mod tests {
    use super::headers;
    use crate::routing::Routing;
    use mail_parser::MessageParser;

    fn routing(maintainers: &[&str], lists: &[&str]) -> Routing {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        Routing {
            file: "a.c".to_owned(),
            subsystem: "A".to_owned(),
            status: None,
            maintainers: owned(maintainers),
            reviewers: Vec::new(),
            lists: owned(lists),
        }
    }

    #[test]
    fn a_mail_reader_sees_names_and_addresses() {
        let names = [
            "A B",
            "A. B (C, D)",
            "Andr\u{e9} \u{1f600}",
            "=?utf-8?q?x?=",
            "a\" b",
        ];
        let people: Vec<_> = names.iter().map(|name| format!("{name} <a@b.c>")).collect();
        let people: Vec<_> = people.iter().map(String::as_str).collect();
        let mail = headers(&routing(&people, &["l@b.c"])) + "\nx\n";
        let message = MessageParser::default()
            .parse(mail.as_bytes())
            .expect("a mail");
        let to = message.to().expect("a To").iter();
        let read: Vec<_> = to
            .map(|one| one.name().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(read, names);
        assert!(mail.ends_with("Cc: l@b.c\n\nx\n"), "{mail}");
        assert_eq!(headers(&routing(&[], &["l@b.c"])), "To: l@b.c\n");
    }

    #[test]
    fn no_name_and_no_address_adds_a_header() {
        let hostile = [
            "a\r\nBcc: x@y.z <a@b.c>",
            "a <b@c\nBcc: d>",
            "a <b c@d>",
            "a\0 <e@f>",
        ];
        let text = headers(&routing(&hostile, &[]));
        assert!(
            text.lines()
                .all(|line| line.starts_with("To: ") || line.starts_with(' ')),
            "{text}"
        );
        assert!(
            text.bytes()
                .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)),
            "{text}"
        );
    }
}
