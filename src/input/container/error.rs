//! What can go wrong with a container, in words for people.

use std::io;

/// A part of an input that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.line())]
pub struct UnpackError {
    /// The input, as the user named it.
    pub path: String,
    /// The chain of names inside it (`dmesg.xz in mail 3`).
    pub member: Option<String>,
    /// What is wrong.
    pub trouble: Trouble,
}

impl UnpackError {
    /// One line, whatever names and decoders put into it.
    fn line(&self) -> String {
        let names = std::iter::once(self.path.as_str()).chain(self.member.as_deref());
        let text: String = names.map(|name| format!("{name}: ")).collect();
        // Names come out of archives and may hold escape sequences; an error is printed on a
        // terminal.
        let shown = |c: char| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        };
        (text + &self.trouble.to_string())
            .chars()
            .map(shown)
            .collect()
    }
}

impl Trouble {
    /// What a decoder says of damaged data.
    pub(super) fn broken(format: &'static str, error: impl std::fmt::Display) -> Trouble {
        let reason = error.to_string();
        Trouble::Broken { format, reason }
    }
}

/// What is wrong, and the mend.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The data is cut off or damaged.
    #[error(
        "the {format} data is cut off or damaged ({reason}); what came before was read; get a whole copy"
    )]
    Broken {
        /// Name of the container format.
        format: &'static str,
        /// As the decoder says it.
        reason: String,
    },
    /// The data is in a form that is not read.
    #[error("the {format} data is in a form that ksplat does not read ({reason}); unpack it first")]
    Unsupported {
        /// Name of the container format.
        format: &'static str,
        /// As the decoder says it.
        reason: String,
    },
    /// The operating system failed.
    #[error("{0}; what came before was read")]
    Read(io::Error),
    /// [`super::Limits::max_size`], in bytes.
    #[error(
        "unpacks to more than {0} bytes; what came before was read; raise --max-size to read all of it"
    )]
    Total(u64),
    /// [`super::Limits::max_ratio`], and the bytes it unpacked to so far.
    #[error(
        "unpacks to more than {ratio} times its size ({bytes} bytes so far), as a bomb does; raise --max-size if it is none"
    )]
    Ratio {
        /// The limit.
        ratio: u64,
        /// Unpacked so far.
        bytes: u64,
    },
    /// [`super::Limits::max_depth`].
    #[error("containers are nested more than {0} deep; unpack the outer ones first")]
    Depth(usize),
    /// [`super::Limits::max_members`].
    #[error("has more than {0} members; split it")]
    Members(u64),
    /// A member that must be read as a whole is too large for that, in bytes.
    #[error("a {format} of more than {limit} bytes is not read in one piece; unpack it first")]
    Large {
        /// Name of the container format.
        format: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Parts whose error was not reported one by one.
    #[error("{0} more parts of it cannot be read")]
    More(u64),
}

/// An error was handed over: nothing more to say.
#[derive(Debug, Clone, Copy)]
pub(super) struct ErrorReported;
