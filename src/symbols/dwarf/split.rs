//! Split DWARF. In: a skeleton unit of the image. Out: the sections of its `.dwo` file, or of its part of the `.dwp`
//! package.

use std::sync::Arc;

use addr2line::SplitDwarfLoad;
use gimli::{DwarfPackage, DwoId, EndianSlice, RelocateReader, SectionId};

use super::Debug;
use super::limits;
use super::reader::{Dwarf, Slice, Unit, endian, section_of, text};
use crate::symbols::elf::{ElfFile, Relocations};

impl<'a> Debug<'a> {
    /// What addr2line asks for while it looks an address up; `None` where the file is not there or not of the unit.
    pub(super) fn split(&self, load: &SplitDwarfLoad<Slice<'a>>) -> Option<Arc<Dwarf<'a>>> {
        let skeleton = skeleton(&load.parent, load.dwo_id)?;
        let fits = |dwarf: &Dwarf<'a>| fits(dwarf, load.dwo_id, &skeleton).unwrap_or(false);
        let packed = self.packed(load).filter(fits);
        let name = load.path.as_ref().and_then(text).unwrap_or_default();
        let folder = load.comp_dir.as_ref().and_then(text).unwrap_or_default();
        let found = packed.or_else(|| {
            let mut files = self.files.split(&name, &folder);
            files.find_map(|file| Some(dwo(file, &load.parent)).filter(fits))
        });
        if found.is_none() {
            self.files.lacks_split(&name);
        }
        found.map(Arc::new)
    }

    fn packed(&self, load: &SplitDwarfLoad<Slice<'a>>) -> Option<Dwarf<'a>> {
        let file = self.files.package()?;
        let section = |id: SectionId| {
            let name = id.dwo_name().unwrap_or("");
            Ok::<_, gimli::Error>(section_of(file, name))
        };
        let empty = RelocateReader::new(
            EndianSlice::new(&[], endian(file)),
            Relocations::of(file, None),
        );
        let package = DwarfPackage::load(section, empty).ok()?;
        package.find_cu(load.dwo_id, &load.parent).ok()?
    }
}

fn dwo<'a>(file: &'a ElfFile, parent: &Dwarf<'a>) -> Dwarf<'a> {
    let section = |id: SectionId| {
        let name = id.dwo_name().unwrap_or("");
        Ok::<_, std::convert::Infallible>(section_of(file, name))
    };
    let Ok(mut dwarf) = gimli::Dwarf::load(section);
    dwarf.make_dwo(parent);
    dwarf
}

fn skeleton<'a>(parent: &Dwarf<'a>, id: DwoId) -> Option<Unit<'a>> {
    let mut units = parent.units();
    while let Some(header) = units.next().ok()? {
        let unit = parent.unit(header).ok()?;
        if unit.dwo_id == Some(id) {
            return Some(unit);
        }
    }
    None
}

/// Whether the first unit is that of the skeleton, and one that addr2line may be given.
fn fits<'a>(dwarf: &Dwarf<'a>, id: DwoId, skeleton: &Unit<'a>) -> gimli::Result<bool> {
    let Some(header) = dwarf.units().next()? else {
        return Ok(false);
    };
    let mut unit = dwarf.unit(header)?;
    unit.copy_relocated_attributes(skeleton);
    Ok(unit.dwo_id == Some(id) && limits::holds(dwarf, &unit)?)
}
