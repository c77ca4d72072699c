//! Containers: what logs are packed in.
//!
//! In: the bytes of an input. Out: its members, each a text with the chain of names that leads to
//! it. A container is known by its content, never by its name, and may hold others. Each is one
//! module and one row of `FORMATS`; what no row knows is a log.

mod ar;
mod compressed;
mod content;
mod cpio;
mod dumps;
mod error;
mod json;
mod limits;
mod mail;
mod mbox;
mod named;
mod pstore;
mod tar;
mod unicode;
mod whole;
mod zip;

pub use content::Content;
pub use error::{Trouble, UnpackError};
pub use limits::Limits;
pub use mail::{Envelope, MAX_SIZE as MAX_MAIL, syzbot_hash};

use content::Leaf;
use dumps::Dumps;
use error::ErrorReported;
use limits::Meter;
use std::borrow::Cow;
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;

/// Messages about one input; the rest is counted.
const MAX_ERRORS: u64 = 20;

/// A kind of container.
struct ContainerFormat {
    /// As messages name it.
    name: &'static str,
    /// Knows it by its first bytes.
    is: fn(&[u8]) -> bool,
    /// Opens it; takes the name for messages, and where it is.
    unpack: fn(
        &mut ContainerWalk<'_>,
        &'static str,
        Content<'_>,
        &MemberPlace<'_>,
    ) -> Result<(), ErrorReported>,
}

/// Every container that ksplat reads. Mails are text: they come last.
const FORMATS: &[ContainerFormat] = &[
    ContainerFormat {
        name: "gzip",
        is: compressed::is_gzip,
        unpack: compressed::gzip,
    },
    ContainerFormat {
        name: "xz",
        is: compressed::is_xz,
        unpack: compressed::xz,
    },
    ContainerFormat {
        name: "lzma",
        is: compressed::is_lzma,
        unpack: compressed::lzma,
    },
    ContainerFormat {
        name: "bzip2",
        is: compressed::is_bzip2,
        unpack: compressed::bzip2,
    },
    ContainerFormat {
        name: "zstd",
        is: compressed::is_zstd,
        unpack: compressed::zstd,
    },
    ContainerFormat {
        name: "lz4",
        is: compressed::is_lz4,
        unpack: compressed::lz4,
    },
    ContainerFormat {
        name: "tar",
        is: tar::is,
        unpack: tar::unpack,
    },
    ContainerFormat {
        name: "zip",
        is: zip::is,
        unpack: zip::unpack,
    },
    ContainerFormat {
        name: "cpio",
        is: cpio::is,
        unpack: cpio::unpack,
    },
    ContainerFormat {
        name: "cpio",
        is: cpio::is_old,
        unpack: cpio::unpack_old,
    },
    ContainerFormat {
        name: "ar",
        is: ar::is,
        unpack: ar::unpack,
    },
    ContainerFormat {
        name: "UTF-16",
        is: unicode::is_utf16,
        unpack: unicode::utf16,
    },
    ContainerFormat {
        name: "pstore",
        is: pstore::is,
        unpack: pstore::unpack,
    },
    ContainerFormat {
        name: "JSON",
        is: json::is,
        unpack: json::unpack,
    },
    ContainerFormat {
        name: "mbox",
        is: mbox::is,
        unpack: mbox::unpack,
    },
    ContainerFormat {
        name: "mail",
        is: mail::is,
        unpack: mail::unpack,
    },
];

/// A text inside an input.
pub struct Member<'a> {
    /// The chain of containers that it is in, innermost first (`dmesg.xz in mail 3`); `None`
    /// for the input itself.
    pub name: Option<&'a str>,
    /// Subject of the mail whose text this is, where the text does not show it.
    pub subject: Option<&'a str>,
    /// The mail that it is in, where it is in one.
    pub mail: Option<&'a Arc<Envelope>>,
    /// Its bytes.
    pub text: MemberText<'a>,
}

/// The bytes of a member.
pub enum MemberText<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// As they are unpacked. A reader that fails ends; the walk reports the error.
    Stream(&'a mut dyn Read),
}

/// Who takes the members.
pub trait Visit {
    /// Takes in a member.
    fn member(&mut self, member: Member<'_>);
    /// Something could not be read; the walk goes on.
    fn error(&mut self, error: UnpackError);
    /// True where nothing more is wanted: the walk ends soon.
    fn is_over(&self) -> bool {
        false
    }
}

/// Takes inputs apart.
#[derive(Debug, Clone, Default)]
pub struct Unpacker {
    limits: Limits,
}

impl Unpacker {
    /// With these limits.
    pub fn new(limits: Limits) -> Unpacker {
        Unpacker { limits }
    }

    /// Hands every member of an input to `visit`. `path` is the input's name in messages.
    pub fn unpack(&self, path: &str, content: Content<'_>, visit: &mut dyn Visit) {
        self.unpack_member(path, None, content, visit);
    }

    /// The same for a part of an input that somebody else took out of it, by its name there.
    pub fn unpack_member(
        &self,
        path: &str,
        name: Option<&str>,
        content: Content<'_>,
        visit: &mut dyn Visit,
    ) {
        let mut walk = ContainerWalk {
            meter: Rc::new(Meter::new(self.limits.clone())),
            path,
            visit,
            dumps: Dumps::default(),
            members: 0,
            errors: 0,
        };
        let place = MemberPlace {
            name: name.map(str::to_owned),
            ..MemberPlace::default()
        };
        // An error was handed to `visit`.
        let _ = walk.open(content, &place);
        walk.give_dumps();
        walk.close();
    }
}

/// Where in an input a container is.
#[derive(Debug, Default)]
struct MemberPlace<'a> {
    outer: Option<&'a MemberPlace<'a>>,
    name: Option<String>,
    subject: Option<String>,
    /// The innermost mail around it.
    mail: Option<Arc<Envelope>>,
    depth: usize,
}

impl MemberPlace<'_> {
    /// The place of a member of the container here.
    fn inside(&self, name: impl Into<Option<String>>) -> MemberPlace<'_> {
        MemberPlace {
            outer: Some(self),
            name: name.into(),
            subject: None,
            mail: self.mail.clone(),
            depth: self.depth + 1,
        }
    }

    /// The same place, which turned out to be a mail.
    fn of_mail(&self, mail: Option<Arc<Envelope>>) -> MemberPlace<'_> {
        MemberPlace {
            outer: self.outer,
            name: self.name.clone(),
            subject: self.subject.clone(),
            mail: mail.or_else(|| self.mail.clone()),
            depth: self.depth,
        }
    }

    /// The names that lead here, innermost first.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self), |place| place.outer)
            .filter_map(|place| place.name.as_deref())
    }

    /// All of them.
    fn chain(&self) -> Option<String> {
        let names: Vec<_> = self.names().collect();
        (!names.is_empty()).then(|| names.join(" in "))
    }

    /// The same for the folder that the member here is in.
    fn folder(&self) -> Option<String> {
        let mut names = self.names();
        let folder = names.next().and_then(|name| name.rsplit_once('/'));
        let names: Vec<_> = folder
            .map(|(folder, _)| folder)
            .into_iter()
            .chain(names)
            .collect();
        (!names.is_empty()).then(|| names.join(" in "))
    }
}

/// One input being taken apart.
struct ContainerWalk<'v> {
    meter: Rc<Meter>,
    path: &'v str,
    visit: &'v mut dyn Visit,
    dumps: Dumps,
    members: u64,
    errors: u64,
}

impl ContainerWalk<'_> {
    /// Opens what is at a place: a container, or a log. `Err` where it could not be read to its
    /// end.
    fn open(&mut self, content: Content<'_>, place: &MemberPlace<'_>) -> Result<(), ErrorReported> {
        self.count(place)?;
        let format = FORMATS.iter().find(|format| (format.is)(content.head()));
        let Some(format) = format else {
            return self.unknown(content, place);
        };
        self.enter(place)?;
        (format.unpack)(self, format.name, content, place)
    }

    /// Counts what is at a place, where no limit is reached.
    fn count(&mut self, place: &MemberPlace<'_>) -> Result<(), ErrorReported> {
        // Closed through the meter, so that decoders end as well.
        if self.visit.is_over() {
            self.meter.close();
        }
        if self.meter.is_spent() {
            return Err(ErrorReported);
        }
        self.members += 1;
        let limit = self.meter.limits.max_members;
        if self.members <= limit {
            return Ok(());
        }
        self.meter.end(Trouble::Members(limit));
        Err(self.fail(place, None))
    }

    /// Goes into the container at a place, where it is not too deep.
    fn enter(&mut self, place: &MemberPlace<'_>) -> Result<(), ErrorReported> {
        match place.depth >= self.meter.limits.max_depth {
            true => Err(self.fail(place, Some(Trouble::Depth(place.depth)))),
            false => Ok(()),
        }
    }

    /// Opens a member that comes as a stream.
    fn open_stream(
        &mut self,
        format: &'static str,
        stream: impl Read,
        place: &MemberPlace<'_>,
    ) -> Result<(), ErrorReported> {
        // Asked before the stream is opened, which counts its bytes while they are read.
        let room = self.meter.room();
        match whole::open(stream, room, |content| self.open(content, place)) {
            Ok(done) => done,
            Err(error) => Err(self.fail(place, Some(Trouble::broken(format, error)))),
        }
    }

    /// All bytes of what is at a place, for formats that are not read front to back.
    fn whole<'c>(
        &mut self,
        format: &'static str,
        content: Content<'c>,
        place: &MemberPlace<'_>,
        limit: u64,
    ) -> Result<Cow<'c, [u8]>, ErrorReported> {
        let trouble = match content.into_whole(limit) {
            Ok(Some(bytes)) => return Ok(bytes),
            Ok(None) => Trouble::Large { format, limit },
            Err(error) => Trouble::broken(format, error),
        };
        Err(self.fail(place, Some(trouble)))
    }

    /// Hands over what no format knows: a log, save where its name says that it is packed.
    fn unknown(
        &mut self,
        content: Content<'_>,
        place: &MemberPlace<'_>,
    ) -> Result<(), ErrorReported> {
        let name = match place.outer {
            None => place.name.as_deref().or(Some(self.path)),
            Some(_) => place.name.as_deref(),
        };
        let promised = name.and_then(|name| named::promised(name, content.head()));
        // It is handed over all the same: a log may be in it, after a beginning that was destroyed.
        self.leaf(content, place)?;
        match promised {
            None => Ok(()),
            Some(format) => {
                let reason = "it does not begin as such";
                Err(self.fail(place, Some(Trouble::broken(format, reason))))
            }
        }
    }

    /// Hands over a log.
    fn leaf(&mut self, content: Content<'_>, place: &MemberPlace<'_>) -> Result<(), ErrorReported> {
        let stream = match content {
            Content::Whole(bytes) => {
                // A part that was named itself is a log of its own; only in an archive are there
                // others to join it with.
                if place.outer.is_none() || !self.dumps.take(bytes, place) {
                    self.member(MemberText::Whole(content::without_mark(bytes)), place);
                } else if self.dumps.is_full() {
                    self.give_dumps();
                }
                return Ok(());
            }
            Content::Stream(stream) => stream,
        };
        let mut leaf = Leaf::new(stream);
        self.member(MemberText::Stream(&mut leaf), place);
        match leaf.error {
            None => Ok(()),
            Some(error) => Err(self.fail(place, Some(Trouble::Read(error)))),
        }
    }

    /// Hands over the pstore dumps whose parts were members.
    fn give_dumps(&mut self) {
        for folder in self.dumps.give() {
            let (name, text) = folder.into_log();
            self.visit.member(Member {
                name: name.as_deref(),
                subject: None,
                mail: None,
                text: MemberText::Whole(&text),
            });
        }
    }

    fn member(&mut self, text: MemberText<'_>, place: &MemberPlace<'_>) {
        let name = place.chain();
        self.visit.member(Member {
            name: name.as_deref(),
            subject: place.subject.as_deref(),
            mail: place.mail.as_ref(),
            text: match text {
                MemberText::Whole(bytes) => MemberText::Whole(bytes),
                MemberText::Stream(reader) => MemberText::Stream(reader),
            },
        });
    }

    /// Says what is wrong at a place: what the meter knows, which is nearest to the cause, or `other`.
    fn fail(&mut self, place: &MemberPlace<'_>, other: Option<Trouble>) -> ErrorReported {
        // Where nothing is left to say, the cause was reported already, further in.
        if let Some(trouble) = self.meter.take_trouble().or(other) {
            self.errors += 1;
            if self.errors <= MAX_ERRORS {
                self.tell(place.chain(), trouble);
            }
        }
        ErrorReported
    }

    fn tell(&mut self, member: Option<String>, trouble: Trouble) {
        let path = self.path.to_owned();
        self.visit.error(UnpackError {
            path,
            member,
            trouble,
        });
    }

    /// The end of the input.
    fn close(&mut self) {
        let untold = self.errors.saturating_sub(MAX_ERRORS);
        if untold > 0 {
            self.tell(None, Trouble::More(untold));
        }
    }
}
