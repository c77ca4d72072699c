//! Events by month as bars: one axis for all bugs of a page, so that their plots can be held against each other.

use crate::db::Bug;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Bars of a plot; where there are more months, each bar is of several.
const MAX_BARS: i64 = 48;

/// Months of the shortest axis.
const MIN_MONTHS: i64 = 12;

/// Width and height of the plot of one bug, in pixels.
const SMALL: (i64, u64) = (96, 20);

/// Height of the plot of all bugs; what its width is divided in.
const LARGE: (i64, u64) = (960, 72);

/// The months of all bugs.
pub struct Axis {
    /// Months since the year 0.
    first: i64,
    bars: i64,
    /// Months of a bar.
    step: i64,
}

fn number(month: &str) -> Option<i64> {
    let (year, month) = month.split_once('-')?;
    Some(year.parse::<i64>().ok()? * 12 + month.parse::<i64>().ok()? - 1)
}

fn name(month: i64) -> String {
    format!("{:04}-{:02}", month / 12, month % 12 + 1)
}

impl Axis {
    /// From the first month with an event to the last one, a year at least; `None` where no event has a date.
    pub fn of(bugs: &[Bug]) -> Option<Axis> {
        let months = || bugs.iter().flat_map(|bug| bug.months.keys());
        let first = number(months().min()?)?;
        let last = number(months().max()?)?;
        // One month alone would be a bar as wide as the page.
        let all = (last - first + 1).max(MIN_MONTHS);
        let first = last + 1 - all;
        // The clock of a sender may be wrong by decades.
        let step = (all + MAX_BARS - 1) / MAX_BARS;
        let bars = (all + step - 1) / step;
        Some(Axis { first, bars, step })
    }

    /// Events of each bar.
    fn heights<'m>(&self, months: impl Iterator<Item = (&'m String, &'m u64)>) -> Vec<u64> {
        let mut heights = vec![0; self.bars.unsigned_abs() as usize];
        for (month, events) in months {
            let bar = number(month).map(|month| (month - self.first) / self.step);
            let bar = bar.and_then(|bar| usize::try_from(bar).ok());
            if let Some(height) = bar.and_then(|bar| heights.get_mut(bar)) {
                *height += events;
            }
        }
        heights
    }

    /// First and last month of a bar.
    fn months(&self, bar: usize) -> (String, String) {
        let first = self.first + bar as i64 * self.step;
        (name(first), name(first + self.step - 1))
    }

    /// The plot of one bug: one path, since a page has thousands.
    pub fn small(&self, months: &BTreeMap<String, u64>) -> Markup {
        let heights = self.heights(months.iter());
        let most = heights.iter().copied().max().unwrap_or(0).max(1);
        let (width, height) = SMALL;
        let wide = (width / self.bars).max(1);
        let mut path = String::new();
        for (bar, events) in heights
            .iter()
            .enumerate()
            .filter(|(_, events)| **events > 0)
        {
            let x = bar as i64 * width / self.bars;
            let tall = (events * height).div_ceil(most);
            let _ = write!(path, "M{x} {height}v-{tall}h{wide}v{tall}z");
        }
        let title: Vec<_> = months
            .iter()
            .map(|(month, n)| format!("{month}: {n}"))
            .collect();
        html! {
            svg.trend viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img" {
                title { (title.join(", ")) }
                path d=(path) {}
            }
        }
    }

    /// The plot of all bugs. The script gives its bars other heights when bugs are filtered.
    pub fn large(&self, bugs: &[Bug]) -> Markup {
        let heights = self.heights(bugs.iter().flat_map(|bug| &bug.months));
        let most = heights.iter().copied().max().unwrap_or(0).max(1);
        let (width, height) = LARGE;
        html! {
            figure.months {
                svg viewBox={ "0 0 " (width) " " (height) } preserveAspectRatio="none" role="img" aria-label="Events by month" {
                    @for (bar, events) in heights.iter().enumerate() {
                        @let x = bar as i64 * width / self.bars;
                        @let end = (bar as i64 + 1) * width / self.bars;
                        @let tall = (events * height).div_ceil(most);
                        @let (from, to) = self.months(bar);
                        g data-from=(from) data-to=(to) {
                            title { (label(&from, &to)) ": " (events) }
                            rect.back x=(x) y="0" width=(end - x) height=(height) {}
                            rect.bar x=(x) y=(height - tall) width=((end - x - 2).max(1)) height=(tall) {}
                        }
                    }
                }
                figcaption { span { (name(self.first)) } span { "events by month" } span { (name(self.first + self.bars * self.step - 1)) } }
            }
        }
    }
}

fn label(from: &str, to: &str) -> String {
    match from == to {
        true => from.to_owned(),
        false => format!("{from} to {to}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(months: &[(&str, u64)]) -> Bug {
        let months = months.iter().map(|(month, n)| ((*month).to_owned(), *n));
        Bug {
            months: months.collect(),
            ..Bug::default()
        }
    }

    #[test]
    fn months_without_an_event_have_their_place() {
        let bugs = [bug(&[("2023-12", 2)]), bug(&[("2024-03", 1)])];
        let axis = Axis::of(&bugs).expect("dates");
        // The axis is a year long, and ends with the last event.
        let first = axis.heights(bugs[0].months.iter());
        assert_eq!(first, [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        let second = axis.heights(bugs[1].months.iter());
        assert_eq!(second, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn of_many_years_a_bar_is_of_several_months() {
        let bugs = [bug(&[("2000-01", 1), ("2019-12", 5)])];
        let axis = Axis::of(&bugs).expect("dates");
        let heights = axis.heights(bugs[0].months.iter());
        assert_eq!((heights.len(), heights[0], heights[47]), (48, 1, 5));
        assert_eq!(
            axis.months(47),
            ("2019-08".to_owned(), "2019-12".to_owned())
        );
        assert!(Axis::of(&[Bug::default()]).is_none());
    }
}
