//! What a vmlinux says of itself. In: an image. Out: its version banner, release and build.

use crate::symbols::Image;

/// Longer than any `linux_banner`; more is not a banner.
const MAX_BANNER: usize = 1024;
const BANNER: &[u8] = b"Linux version ";

/// `uname -r` of a banner.
pub(in crate::symbols) fn release_of(banner: &str) -> Option<&str> {
    let (_, rest) = banner.split_once("Linux version ")?;
    rest.split_whitespace().next()
}

/// syzbot prints `syzkaller` for a release; builds with a patched `uname` print other words.
pub(in crate::symbols) fn is_release(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

impl Image {
    /// `linux_banner` (init/version-timestamp.c): the text of the log's first line, without newline.
    pub fn banner(&self) -> Option<String> {
        let symbols = self.symbols("linux_banner");
        let start = symbols
            .iter()
            // A split debug file keeps the symbol, but not the bytes.
            .find_map(|symbol| self.bytes_from(symbol.address));
        let bytes = start.filter(|bytes| bytes.starts_with(BANNER))?;
        let bytes = bytes.get(..MAX_BANNER.min(bytes.len()))?;
        let end = memchr::memchr2(0, b'\n', bytes)?;
        let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
        Some(text.trim_end().to_owned())
    }

    /// `uname -r`; of a split debug file, which has no data, what distributions set `CONFIG_BUILD_SALT` to; of a
    /// list of symbols, what its name says.
    pub fn release(&self) -> Option<String> {
        let banner = self.banner();
        let release = banner.as_deref().and_then(release_of).map(str::to_owned);
        release
            .or_else(|| self.build_salt().filter(|salt| is_release(salt)))
            .or_else(|| self.release_of_map())
    }

    /// A list of symbols says nothing of itself; it is installed as `System.map-REL` or `REL/System.map`.
    fn release_of_map(&self) -> Option<String> {
        let folder = self.path().parent()?.file_name();
        let folder = folder.map(|name| name.to_string_lossy().into_owned());
        let name = self.name();
        let named = name.split_once('-').map(|(_, release)| release.to_owned());
        let release = named.or(folder).filter(|release| is_release(release));
        release.filter(|_| self.is_map())
    }

    /// The build number with its `#`: first word of `uname -v`.
    pub fn build(&self) -> Option<String> {
        let banner = self.banner()?;
        // From the right: the compiler's version in front may hold a ` #` too.
        let (_, version) = banner.rsplit_once(" #")?;
        let number = version.split_whitespace().next()?;
        Some(format!("#{number}"))
    }
}
