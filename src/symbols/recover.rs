//! Frames that tail calls hide. In: a splat whose frames were found in a vmlinux. Out: the same with the frames of
//! the functions between, and the calls that are not of what is printed above them.
//!
//! A function that ends in a call jumps: its own frame is gone when the callee runs. What its caller called is
//! in the caller's code, and which functions it jumped to is in DWARF's call sites. Where exactly one chain of
//! jumps leads from the function called to the one printed, that chain was run. Where there is none, the call
//! went through a pointer, or lines of the log are lost: then nothing is claimed.

use std::collections::HashMap;

use super::dwarf::TailCall;
use super::fill::set_position;
use super::vmlinux::{self, Assessment, StackPlace, call_target};
use super::{Image, Symbols};
use crate::splat::{CodeRef, Frame, Splat, base_name};

/// Functions in a chain; real ones have up to four.
const LONGEST: usize = 6;
/// Functions looked at for one chain; of a system call some 2,000.
const MAX_VISITED: usize = 1 << 14;

/// A function that was jumped out of.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// Its link address.
    function: u64,
    /// Link address after its jump.
    after: u64,
}

/// Inserts the frames that the log lacks.
pub(super) fn frames(held: &Assessment, splat: &mut Splat, symbols: &mut Symbols) {
    let mut search = ChainSearch {
        image: &held.image,
        tail_calls: HashMap::new(),
    };
    let mut above = named(splat.rip.as_ref(), &held.stack.rip);
    let mut section = splat.frames.first().map(|frame| frame.section);
    let frames = std::mem::take(&mut splat.frames);
    for (frame, place) in frames.into_iter().zip(&held.stack.frames) {
        // A frame with `?` may be left over from an earlier call: it says nothing of who called
        // whom.
        if frame.reliable {
            let here = named(Some(&frame.code), place);
            let same_stack = section == Some(frame.section);
            section = Some(frame.section);
            // Between two stacks nothing was called, the CPU was interrupted. Where both are one
            // place the machine prints RIP again as its first frame, as arm64 does.
            if let (Some(printed), Some(caller)) = (&above, &here)
                && same_stack
                && printed != caller
            {
                search.between(printed, caller.address, &frame, splat, symbols);
            }
            above = here;
        }
        splat.frames.push(frame);
    }
}

/// A place that was found.
#[derive(PartialEq)]
struct NamedCall {
    /// Without the suffixes of clones.
    name: String,
    /// Link address of its function.
    function: u64,
    /// Its link address.
    address: u64,
}

fn named(code: Option<&CodeRef>, place: &StackPlace) -> Option<NamedCall> {
    let &StackPlace::Found { function, address } = place else {
        return None;
    };
    Some(NamedCall {
        name: base_name(code?.function.as_deref()?).to_owned(),
        function,
        address,
    })
}

struct ChainSearch<'a> {
    image: &'a Image,
    tail_calls: HashMap<u64, Vec<TailCall>>,
}

/// What a call calls.
enum Called {
    /// The function at a link address.
    Function(u64),
    Pointer,
    Unknown,
}

/// A search for the chains of jumps from one function to another.
#[derive(Default)]
struct Chains {
    /// Link addresses of the function searched for, and of its parts.
    goal: Vec<u64>,
    path: Vec<Link>,
    found: Vec<Vec<Link>>,
    visited: usize,
}

impl Chains {
    fn is_over(&self) -> bool {
        self.found.len() > 1 || self.visited > MAX_VISITED
    }
}

impl ChainSearch<'_> {
    /// Looks at the call in `caller`, above which `printed` was printed.
    fn between(
        &mut self,
        printed: &NamedCall,
        returns_to: u64,
        caller: &Frame,
        splat: &mut Splat,
        symbols: &mut Symbols,
    ) {
        let name = caller.base_name();
        let called = match self.called(returns_to) {
            Called::Function(called) if called == printed.function => return,
            Called::Function(called) => called,
            Called::Pointer => {
                let says = format!("{name} called through a pointer here");
                symbols.gaps.push((caller.log_line, says));
                return;
            }
            Called::Unknown => return,
        };
        // A cold part is printed by its function's name.
        let named = self.image.symbols(&printed.name);
        let mut chains = Chains {
            goal: named.iter().map(|symbol| symbol.address).collect(),
            ..Chains::default()
        };
        chains.goal.push(printed.function);
        if chains.goal.contains(&called) {
            return;
        }
        self.search(called, &mut chains);
        let gap = match chains.found.as_slice() {
            [chain] if !chains.is_over() => {
                splat.frames.extend(self.frames(chain, caller));
                return;
            }
            found => {
                let Some(called) = self.image.function_at(called) else {
                    return;
                };
                match (found, called.name) {
                    ([], thunk) if is_thunk(&thunk) => {
                        format!("{name} called through a pointer here")
                    }
                    ([], called) => {
                        format!("{name} called {called} here, which the log does not show")
                    }
                    (_, called) => format!(
                        "{name} called {called} here, from which several chains of tail calls lead to {}",
                        printed.name
                    ),
                }
            }
        };
        symbols.gaps.push((caller.log_line, gap));
    }

    /// What the call in front of a return address calls: by the code, else by DWARF, which also knows calls through
    /// pointers.
    fn called(&self, returns_to: u64) -> Called {
        if let Some(target) = call_target(self.image, returns_to) {
            return Called::Function(target);
        }
        match self.image.call_site(returns_to).map(|site| site.callee) {
            None => Called::Unknown,
            Some(None) => Called::Pointer,
            Some(Some(name)) => {
                let function = self.callee(&name, returns_to.wrapping_sub(1));
                function.map_or(Called::Unknown, Called::Function)
            }
        }
    }

    /// Follows the jumps of a function. Stops at the second chain that leads to the goal.
    fn search(&mut self, function: u64, chains: &mut Chains) {
        chains.visited += 1;
        let is_on_path = chains.path.iter().any(|link| link.function == function);
        if chains.path.len() >= LONGEST || is_on_path {
            return;
        }
        for call in self.tail_calls_of(function) {
            if chains.is_over() {
                return;
            }
            let after = call.after;
            chains.path.push(Link { function, after });
            match chains.goal.contains(&call.callee) {
                true => chains.found.push(chains.path.clone()),
                false => self.search(call.callee, chains),
            }
            chains.path.pop();
        }
    }

    fn tail_calls_of(&mut self, function: u64) -> Vec<TailCall> {
        if let Some(known) = self.tail_calls.get(&function) {
            return known.clone();
        }
        let by_code = match self.image.layout.machine.is_x86_64() {
            true => vmlinux::jumps(self.image, function),
            false => None,
        };
        let calls = by_code.unwrap_or_else(|| self.by_dwarf(function));
        self.tail_calls.insert(function, calls.clone());
        calls
    }

    fn by_dwarf(&self, function: u64) -> Vec<TailCall> {
        let calls = self.image.tail_calls(function).into_iter();
        let known = |call: TailCall<String>| {
            Some(TailCall {
                callee: self.callee(&call.callee, function)?,
                after: call.after,
            })
        };
        calls.filter_map(known).collect()
    }

    /// The function of a name: the only one, or the one in the unit of the function that jumps to it.
    fn callee(&self, name: &str, from: u64) -> Option<u64> {
        let named = self.image.symbols(name);
        let functions: Vec<u64> = named
            .iter()
            .filter(|symbol| symbol.is_code)
            .map(|symbol| symbol.address)
            .collect();
        match functions.as_slice() {
            &[only] => Some(only),
            several => {
                let unit = self.image.unit_at(from)?;
                let mut same = several
                    .iter()
                    .filter(|&&function| self.image.unit_at(function) == Some(unit));
                let first = same.next().copied();
                first.filter(|_| same.next().is_none())
            }
        }
    }

    /// The frames of functions that jumped, innermost first, on the line of the caller that stayed.
    fn frames(&self, chain: &[Link], caller: &Frame) -> Vec<Frame> {
        let frame = |link: &Link| {
            let symbol = self.image.function_at(link.function)?;
            let mut frame = Frame {
                code: CodeRef {
                    offset: link.after.checked_sub(symbol.address),
                    size: symbol.extent,
                    function: Some(symbol.name),
                    ..CodeRef::default()
                },
                reliable: true,
                recovered: true,
                log_line: caller.log_line,
                behind: caller.behind,
                section: caller.section,
                link_address: Some(link.after),
                ..Frame::default()
            };
            set_position(&mut frame, &self.image.position_at(link.after, false));
            Some(frame)
        };
        chain.iter().rev().filter_map(frame).collect()
    }
}

/// What a call through a pointer calls instead (arch/x86/lib/retpoline.S), or a static call that was not patched yet.
fn is_thunk(name: &str) -> bool {
    name.starts_with("__x86_indirect_") || name.starts_with("__SCT__")
}
