//! Deferred lines: they describe a boot, and matter only if a report comes.

/// Bytes deferred; more is taken in at once.
const FULL: usize = 1 << 20;

/// Lines with their numbers, in the order of the log.
#[derive(Debug, Default)]
pub struct DeferredLines {
    text: Vec<u8>,
    /// Number of each line, and where it ends in `text`.
    ends: Vec<(u64, usize)>,
}

impl DeferredLines {
    /// Defers a line.
    pub fn keep(&mut self, number: u64, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.ends.push((number, self.text.len()));
    }

    /// The lines.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let begins = self.ends.iter().map(|(_, end)| *end);
        let begins = std::iter::once(0).chain(begins);
        let places = begins.zip(&self.ends);
        places.map(|(begin, &(number, end))| (number, &self.text[begin..end]))
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// True where they should be taken in before there are more.
    pub fn is_full(&self) -> bool {
        self.text.len() > FULL
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// None of them, but the memory that they took.
    #[must_use]
    pub fn cleared(mut self) -> DeferredLines {
        self.clear();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::DeferredLines;

    #[test]
    fn lines_come_back_in_order() {
        let mut deferred = DeferredLines::default();
        deferred.keep(3, b"three");
        deferred.keep(7, b"");
        deferred.keep(9, b"nine");
        let lines: Vec<_> = deferred.lines().collect();
        assert_eq!(lines, [(3, &b"three"[..]), (7, b""), (9, b"nine")]);
        assert!(deferred.cleared().is_empty());
    }
}
