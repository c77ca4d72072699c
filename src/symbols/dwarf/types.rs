//! C types. In: the entry of a variable. Out: its type as a source writes it, and how its value is written.

use gimli::AttributeValue;

use super::entries::Reference;
use super::parameter::ParameterSearch;
use super::reader::{DebugEntry, Slice, text};

/// Types within each other: `const struct foo *const *` has five.
const MAX_TYPES: usize = 16;
/// Values of an enumeration that are looked at.
const MAX_ENUMERATORS: usize = 1024;

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scalar {
    Pointer,
    Signed,
    Unsigned,
    Boolean,
    /// The names of its values.
    Enumeration(Vec<(u64, String)>),
}

/// A type of up to eight bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Type {
    /// As C writes it: `struct cpuinfo_x86 *`.
    pub(super) name: String,
    size: u64,
    scalar: Scalar,
}

impl Type {
    /// A value of the type as C would write it.
    pub(super) fn written(&self, value: u64) -> String {
        let unused = 64 - (self.size.clamp(1, 8) * 8) as u32;
        let signed = ((value << unused) as i64) >> unused;
        match &self.scalar {
            Scalar::Pointer if value == 0 => "NULL".to_owned(),
            Scalar::Pointer => format!("{value:#x}"),
            Scalar::Boolean => (value != 0).to_string(),
            Scalar::Signed => signed.to_string(),
            Scalar::Unsigned if value < 10 => value.to_string(),
            Scalar::Unsigned => format!("{value} ({value:#x})"),
            Scalar::Enumeration(names) => names
                .iter()
                .find(|(known, _)| *known == value)
                .map_or_else(|| signed.to_string(), |(_, name)| name.clone()),
        }
    }
}

impl<'a> ParameterSearch<'_, 'a> {
    /// The type of a variable; `None` where it is no number, pointer or enumeration.
    pub(super) fn type_of(&self, variable: &DebugEntry<'a>) -> Option<Type> {
        let mut next = self.type_attribute(variable);
        // What is written in front of and after the name of the innermost type.
        let (mut front, mut back) = (String::new(), String::new());
        let mut scalar = None;
        for _ in 0..MAX_TYPES {
            let Some(entry) = next.as_ref().and_then(|attribute| self.referred(attribute)) else {
                // A pointer to nothing is one to void.
                let (size, scalar) = scalar.filter(|_| next.is_none())?;
                let name = tidy(&format!("{front}void{back}"));
                return Some(Type { name, size, scalar });
            };
            let name = entry.attr_value(gimli::DW_AT_name);
            let name = name.and_then(|name| text(&self.dwarf.attr_string(&self.unit, name).ok()?));
            match entry.tag {
                gimli::DW_TAG_pointer_type => {
                    scalar.get_or_insert((self.address_size(), Scalar::Pointer));
                    back.insert_str(0, " *");
                }
                // That the variable itself is const says nothing of its value.
                gimli::DW_TAG_const_type => match back.is_empty() {
                    true => {}
                    false => front.push_str("const "),
                },
                gimli::DW_TAG_volatile_type | gimli::DW_TAG_restrict_type => {}
                // The source says `u32`, so the name is kept, and only its size and kind are looked
                // up.
                gimli::DW_TAG_typedef if scalar.is_none() => {
                    let (size, kind) = self.scalar_below(&entry)?;
                    let name = tidy(&format!("{front}{}{back}", name?));
                    return Some(Type {
                        name,
                        size,
                        scalar: kind,
                    });
                }
                tag => {
                    let word = match tag {
                        gimli::DW_TAG_structure_type => "struct ",
                        gimli::DW_TAG_union_type => "union ",
                        gimli::DW_TAG_enumeration_type => "enum ",
                        gimli::DW_TAG_subroutine_type => "function ",
                        _ => "",
                    };
                    let (size, scalar) = match scalar {
                        Some(known) => known,
                        None => self.scalar(&entry)?,
                    };
                    let name = name.unwrap_or_default();
                    let name = tidy(&format!("{front}{word}{name}{back}"));
                    return Some(Type { name, size, scalar });
                }
            }
            next = entry.attr_value(gimli::DW_AT_type);
        }
        None
    }

    /// Size and kind of the type that a typedef names.
    fn scalar_below(&self, typedef: &DebugEntry<'a>) -> Option<(u64, Scalar)> {
        let mut next = typedef.attr_value(gimli::DW_AT_type)?;
        for _ in 0..MAX_TYPES {
            let entry = self.referred(&next)?;
            if let Some(found) = self.scalar(&entry) {
                return Some(found);
            }
            next = entry.attr_value(gimli::DW_AT_type)?;
        }
        None
    }

    fn scalar(&self, entry: &DebugEntry<'a>) -> Option<(u64, Scalar)> {
        let size = || entry.attr_value(gimli::DW_AT_byte_size)?.udata_value();
        let scalar = match entry.tag {
            gimli::DW_TAG_pointer_type => return Some((self.address_size(), Scalar::Pointer)),
            gimli::DW_TAG_enumeration_type => Scalar::Enumeration(self.enumerators(entry)),
            gimli::DW_TAG_base_type => match entry.attr_value(gimli::DW_AT_encoding)? {
                AttributeValue::Encoding(gimli::DW_ATE_boolean) => Scalar::Boolean,
                AttributeValue::Encoding(gimli::DW_ATE_signed | gimli::DW_ATE_signed_char) => {
                    Scalar::Signed
                }
                _ => Scalar::Unsigned,
            },
            _ => return None,
        };
        size()
            .filter(|size| (1..=8).contains(size))
            .map(|size| (size, scalar))
    }

    fn enumerators(&self, enumeration: &DebugEntry<'a>) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        // What was read before a broken entry is still right.
        let _ = super::entries::walk(&self.unit, enumeration.offset(), |_, entry| {
            let value = entry.attr_value(gimli::DW_AT_const_value);
            let value = value.and_then(|value| {
                let signed = || value.sdata_value().map(|value| value as u64);
                value.udata_value().or_else(signed)
            });
            let name = entry.attr_value(gimli::DW_AT_name);
            let name = name.and_then(|name| text(&self.dwarf.attr_string(&self.unit, name).ok()?));
            if let (gimli::DW_TAG_enumerator, Some(value), Some(name)) = (entry.tag, value, name) {
                found.push((value, name));
            }
            match found.len() < MAX_ENUMERATORS {
                true => std::ops::ControlFlow::Continue(()),
                false => std::ops::ControlFlow::Break(()),
            }
        });
        found
    }

    fn referred(&self, attribute: &AttributeValue<Slice<'a>>) -> Option<DebugEntry<'a>> {
        match Reference::of(attribute.clone())? {
            Reference::Here(offset) => self.unit.entry(offset).ok(),
            // Only names are followed there: a variable with a type of another unit (LTO, dwz) is
            // left out.
            Reference::Anywhere(_) | Reference::Supplementary(_) => None,
        }
    }

    fn address_size(&self) -> u64 {
        self.unit.encoding().address_size.into()
    }
}

/// `struct foo * *` is `struct foo **`.
fn tidy(name: &str) -> String {
    name.replace("* *", "**")
        .replace("* *", "**")
        .trim()
        .to_owned()
}
