//! What an ELF file says of its build. In: its notes and `.modinfo`. Out: build-id, build salt, vermagic.

use object::Endianness;
use object::elf::{self, NoteHeader32};

use super::file::ElfFile;

/// `LINUX_ELFNOTE_BUILD_SALT` (include/linux/build-salt.h): what a distribution sets `CONFIG_BUILD_SALT` to, in vmlinux and
/// each module alike.
const BUILD_SALT: u32 = 0x100;

impl ElfFile {
    /// The GNU build-id in lower-case hex.
    pub fn build_id(&self) -> Option<String> {
        let id = self.note(b"GNU", elf::NT_GNU_BUILD_ID.0)?;
        Some(id.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// `CONFIG_BUILD_SALT` of the kernel that the file belongs to; Debian's is the release.
    pub(in crate::symbols) fn build_salt(&self) -> Option<String> {
        let salt = self.note(b"Linux", BUILD_SALT)?;
        let text = salt.split(|&byte| byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned()).filter(|text| !text.is_empty())
    }

    /// `uname -r` of the kernel that a module was built for: the first word of its `vermagic`.
    pub(in crate::symbols) fn module_release(&self) -> Option<String> {
        // `.modinfo` is a list of `name=value`, each ended by a zero (MODULE_INFO,
        // include/linux/moduleparam.h).
        let entries = self.section(".modinfo").split(|&byte| byte == 0);
        let vermagic = entries.filter_map(|entry| entry.strip_prefix(b"vermagic="));
        let text = String::from_utf8_lossy(vermagic.into_iter().next()?).into_owned();
        text.split_whitespace().next().map(str::to_owned)
    }

    /// The content of the first note of a name and type.
    fn note(&self, name: &[u8], kind: u32) -> Option<&[u8]> {
        let sections = self.sections.iter();
        let notes = sections.filter(|section| section.kind == elf::SHT_NOTE);
        let endian = self.layout.endian;
        notes
            .filter_map(|section| find_note(self.file_bytes(section), endian, name, kind))
            .next()
    }
}

/// Walks notes: three words (sizes of name and content, type), then both, each padded to 4 bytes.
pub(in crate::symbols) fn find_note<'a>(
    mut notes: &'a [u8],
    endian: Endianness,
    name: &[u8],
    kind: u32,
) -> Option<&'a [u8]> {
    while let Ok((header, rest)) = object::pod::from_bytes::<NoteHeader32<Endianness>>(notes) {
        let padded = |size: u32| (size as usize).checked_next_multiple_of(4);
        let own_name = rest.get(..header.n_namesz.get(endian) as usize)?;
        let len = header.n_descsz.get(endian);
        let content = rest.get(padded(header.n_namesz.get(endian))?..)?;
        // The size of a name counts the zero at its end.
        let own_name = own_name.strip_suffix(b"\0").unwrap_or(own_name);
        if header.n_type.get(endian).0 == kind && own_name == name {
            return content.get(..len as usize);
        }
        notes = content.get(padded(len)?..)?;
    }
    None
}
