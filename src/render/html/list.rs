//! Lists of which a page shows the beginning; the rest opens on demand.

use super::super::spool::Spool;
use crate::render::words::count;
use maud::html;

/// The items of a list, as markup.
#[derive(Debug, Default)]
pub struct PageList {
    first: Spool,
    rest: Spool,
    items: u64,
}

impl PageList {
    /// Adds an item; of `most` items the list shows so many at once.
    pub fn push(&mut self, item: &str, most: u64) {
        let place = match self.has_room(most) {
            true => &mut self.first,
            false => &mut self.rest,
        };
        place.push(item);
        self.items += 1;
    }

    /// Adds an item that is long.
    pub fn append(&mut self, item: Spool, most: u64) {
        let place = match self.has_room(most) {
            true => &mut self.first,
            false => &mut self.rest,
        };
        place.append(item);
        self.items += 1;
    }

    /// True where the next item is seen at once.
    pub fn has_room(&self, most: u64) -> bool {
        self.items < most
    }

    /// Its items.
    pub fn len(&self) -> u64 {
        self.items
    }

    /// The list, with `most` as for its items; `noun` is what they are.
    pub fn write(self, out: &mut Spool, most: u64, noun: &str) {
        let Some(more @ 1..) = self.items.checked_sub(most) else {
            return out.append(self.first);
        };
        out.push("<div class=\"list\"><div data-first>");
        out.append(self.first);
        out.push("</div>");
        out.push(&open_rest(more, noun));
        out.push("<div data-rest>");
        out.append(self.rest);
        out.push("</div></details></div>");
    }
}

/// The beginning of what opens on demand.
pub fn open_rest(more: u64, noun: &str) -> String {
    let words = format!("more {noun}");
    let summary = html! { summary { (count(more, &words)) } };
    format!("<details class=\"more\">{}", summary.into_string())
}
