//! The memory in two lines: where it went, and which tasks had most of it.

use crate::report::{MemoryState, TaskMemory};

/// A row of the text, as far as the numbers are known.
pub fn rows(memory: &MemoryState) -> Vec<String> {
    let part = |name: &str, bytes: Option<u64>| Some(format!("{name} {}", size(bytes?)));
    let of = |used: Option<u64>, all: Option<u64>| Some((size(used?), size(all?)));
    let group = of(memory.group_usage, memory.group_limit);
    let group = group.map(|(used, limit)| format!("the control group used {used} of {limit}"));
    let swap = of(memory.free_swap, memory.swap);
    let swap = swap.map(|(free, all)| match memory.swap {
        Some(0) => "no swap".to_owned(),
        _ => format!("swap {all} with {free} free"),
    });
    let parts = [
        group,
        part("RAM", memory.ram),
        part("programs", memory.anonymous),
        part("files", memory.files),
        part("slab", memory.slab),
        part("free", memory.free),
        swap,
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let tasks: Vec<_> = memory.tasks.iter().map(task).collect();
    let tasks = (!tasks.is_empty()).then(|| format!("largest tasks: {}", tasks.join(", ")));
    let state = (!parts.is_empty()).then(|| parts.join(", "));
    state.into_iter().chain(tasks).collect()
}

fn task(task: &TaskMemory) -> String {
    let size = match task.bytes {
        Some(bytes) => size(bytes),
        None => format!("{} pages", task.pages),
    };
    format!("{} (PID {}) {size}", task.comm, task.pid)
}

/// `7.4 GB`: in powers of 1024, as the kernel's own kB.
fn size(bytes: u64) -> String {
    let units = [
        (1 << 40, "TB"),
        (1 << 30, "GB"),
        (1 << 20, "MB"),
        (1 << 10, "kB"),
    ];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit);
    match unit {
        Some((unit, name)) => {
            let number = format!("{:.1}", bytes as f64 / unit as f64);
            format!("{} {name}", number.trim_end_matches(".0"))
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_the_largest_unit_that_fits() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(999_420 * 1024), "976 MB");
        assert_eq!(size(7_898_697_728), "7.4 GB");
    }
}
