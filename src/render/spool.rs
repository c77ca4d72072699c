//! Text that must wait for the end of the output.
//!
//! In: text, as it comes. Out: the same, piece by piece. Beyond a bound it waits in a file without a name, which goes
//! with the process however that ends; where no file can be had it waits in memory, so that nothing is lost.

use crate::os;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::str::Utf8Error;

/// Bytes that wait in memory.
const IN_MEMORY: usize = 4 << 20;

/// Bytes of a piece.
const PIECE: usize = 1 << 20;

/// Texts one after the other.
#[derive(Debug, Default)]
pub struct Spool {
    file: Option<File>,
    /// Bytes in the file.
    length: u64,
    /// Bytes that were given of them.
    given: u64,
    /// What comes after those in the file.
    memory: String,
    /// No file can be had, or it takes no more.
    without_file: bool,
    error: Option<io::Error>,
}

impl From<String> for Spool {
    fn from(memory: String) -> Spool {
        Spool {
            memory,
            ..Spool::default()
        }
    }
}

impl Spool {
    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.memory.push_str(text);
        // A disk that is full is not asked again: the text stays in memory.
        if self.memory.len() > IN_MEMORY && !self.without_file {
            self.without_file = self.put_away().is_err();
        }
    }

    /// Adds what another one holds.
    pub fn append(&mut self, mut other: Spool) {
        loop {
            match other.next() {
                Ok(Some(text)) => self.push(&text),
                Ok(None) => return,
                Err(error) => {
                    // Reported by the next read, since a push gives nothing back.
                    self.error = Some(error);
                    return;
                }
            }
        }
    }

    fn put_away(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile()?);
        }
        if let Some(file) = &self.file {
            os::write_at(file, self.memory.as_bytes(), self.length)?;
            self.length += self.memory.len() as u64;
            self.memory.clear();
        }
        Ok(())
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Where the file cannot be read back.
    pub fn next(&mut self) -> io::Result<Option<String>> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let left = usize::try_from(self.length - self.given).unwrap_or(usize::MAX);
        let Some(file) = self.file.as_ref().filter(|_| left > 0) else {
            let memory = std::mem::take(&mut self.memory);
            return Ok(Some(memory).filter(|text| !text.is_empty()));
        };
        let mut piece = vec![0; left.min(PIECE)];
        os::read_at(file, &mut piece, self.given)?;
        if piece.len() < left {
            // The first bytes of a character whose rest is in the next piece.
            let whole = |error: Utf8Error| error.valid_up_to();
            piece.truncate(str::from_utf8(&piece).map_or_else(whole, str::len));
        }
        // No mark of several `#` is cut into two.
        let whole = piece.iter().rposition(|byte| *byte != b'#');
        piece.truncate(whole.map_or(piece.len(), |last| last + 1));
        self.given += piece.len() as u64;
        String::from_utf8(piece).map(Some).map_err(io::Error::other)
    }
}

/// What comes after the last report: spools one after the other.
#[derive(Debug, Default)]
pub struct Rest(VecDeque<Spool>);

impl Rest {
    /// Adds what comes next.
    pub fn push(&mut self, spool: impl Into<Spool>) {
        self.0.push_back(spool.into());
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Those of [`Spool::next`].
    pub fn next(&mut self) -> io::Result<Option<String>> {
        while let Some(first) = self.0.front_mut() {
            let piece = first.next()?;
            if piece.is_some() {
                return Ok(piece);
            }
            self.0.pop_front();
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spool: &mut Spool) -> (String, usize) {
        let (mut text, mut pieces) = (String::new(), 0);
        while let Some(piece) = spool.next().expect("readable") {
            text += &piece;
            pieces += 1;
        }
        (text, pieces)
    }

    #[test]
    fn what_was_put_in_comes_out_in_pieces() {
        let mut spool = Spool::default();
        let mut expected = String::new();
        for number in 0..600_000 {
            let line = format!("{number} caf\u{e9}\n");
            spool.push(&line);
            expected += &line;
        }
        assert!(spool.length > 0 && spool.memory.len() <= IN_MEMORY);
        let mut other = Spool::from("first\n".to_owned());
        other.append(spool);
        let (text, pieces) = all(&mut other);
        assert!(text == format!("first\n{expected}"));
        assert!(pieces > 4);
        assert_eq!(all(&mut other), (String::new(), 0));
    }

    #[test]
    fn no_mark_of_a_command_is_cut_into_two() {
        let mut spool = Spool::default();
        let mark = "##[".repeat(1000) + "é";
        (0..3000).for_each(|_| spool.push(&mark));
        let mut read = 0;
        while let Some(piece) = spool.next().expect("readable") {
            assert!(!piece.ends_with('#'));
            read += piece.len();
        }
        assert_eq!(read, 3000 * mark.len());
    }

    #[test]
    fn without_a_file_nothing_is_lost() {
        let mut spool = Spool {
            without_file: true,
            ..Spool::default()
        };
        let line = "x".repeat(1 << 20);
        (0..6).for_each(|_| spool.push(&line));
        assert_eq!(all(&mut spool).0.len(), 6 << 20);
    }
}
