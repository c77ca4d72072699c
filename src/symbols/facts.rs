//! What a vmlinux says of itself. In: an image. Out: its version banner, release, build and build-id.

use object::LittleEndian;
use object::elf;

use super::image::Image;

/// Longer than any `linux_banner`; more is not a banner.
const MAX_BANNER: usize = 1024;
const BANNER: &[u8] = b"Linux version ";

/// `uname -r` of a banner.
pub(super) fn release_of(banner: &str) -> Option<&str> {
    let (_, rest) = banner.split_once("Linux version ")?;
    rest.split_whitespace().next()
}

/// syzbot prints `syzkaller` for a release; builds with a patched `uname` print other words.
pub(super) fn is_release(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

impl Image {
    /// `linux_banner` (init/version-timestamp.c): the text of the log's first line, without newline.
    pub fn banner(&self) -> Option<String> {
        let symbols = self.symbols("linux_banner");
        let start = symbols
            .iter()
            .find_map(|symbol| self.bytes_from(symbol.address));
        let bytes = start.filter(|bytes| bytes.starts_with(BANNER))?;
        let bytes = bytes.get(..MAX_BANNER.min(bytes.len()))?;
        let end = memchr::memchr2(0, b'\n', bytes)?;
        let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
        Some(text.trim_end().to_owned())
    }

    /// `uname -r`.
    pub fn release(&self) -> Option<String> {
        self.banner()
            .as_deref()
            .and_then(release_of)
            .map(str::to_owned)
    }

    /// The build number with its `#`: first word of `uname -v`.
    pub fn build(&self) -> Option<String> {
        let banner = self.banner()?;
        let (_, version) = banner.rsplit_once(" #")?;
        let number = version.split_whitespace().next()?;
        Some(format!("#{number}"))
    }

    /// The GNU build-id in lower-case hex.
    pub fn build_id(&self) -> Option<String> {
        let notes = self
            .sections
            .iter()
            .filter(|section| section.kind == elf::SHT_NOTE);
        notes
            .filter_map(|section| find_build_id(self.file_bytes(section)))
            .next()
    }
}

/// Walks notes: three words (sizes of name and content, type), then both, each padded to 4 bytes.
fn find_build_id(mut notes: &[u8]) -> Option<String> {
    while let Ok((header, rest)) = object::pod::from_bytes::<elf::NoteHeader64<LittleEndian>>(notes)
    {
        let padded = |size: u32| (size as usize).checked_next_multiple_of(4);
        let name_len = header.n_namesz.get(LittleEndian);
        let content_len = header.n_descsz.get(LittleEndian);
        let content = rest.get(padded(name_len)?..)?;
        if header.n_type.get(LittleEndian) == elf::NT_GNU_BUILD_ID && rest.starts_with(b"GNU\0") {
            let id = content.get(..content_len as usize)?;
            return Some(id.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        notes = content.get(padded(content_len)?..)?;
    }
    None
}
