//! What the operating system keeps for this process.

use std::fmt;

/// Descriptors, threads, children, memory.
pub(crate) struct Usage {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
    /// Zombies too.
    pub(crate) children: usize,
    pub(crate) resident_kib: usize,
    /// Lines of `/proc/self/maps`.
    pub(crate) mappings: usize,
}

impl Usage {
    pub(crate) fn now() -> Self {
        let count = |path: &str| std::fs::read_dir(path).map_or(0, Iterator::count);
        let children = std::fs::read_dir("/proc/self/task")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .map(|children| children.split_whitespace().count())
            .sum();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident_kib = resident
            .and_then(|value| value.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or(0);
        Self {
            // One of them is the directory that is being read.
            descriptors: count("/proc/self/fd") - 1,
            threads: count("/proc/self/task"),
            children,
            resident_kib,
            mappings: std::fs::read_to_string("/proc/self/maps")
                .map_or(0, |maps| maps.lines().count()),
        }
    }

    /// Whether nothing has been added but `kept_kib` of memory, which allocators keep.
    pub(crate) fn is_no_more_than(&self, before: &Self, kept_kib: usize) -> bool {
        self.descriptors <= before.descriptors
            && self.threads <= before.threads
            && self.children <= before.children
            && self.resident_kib <= before.resident_kib + kept_kib
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} descriptors, {} threads, {} children, {} mappings, {} KiB resident",
            self.descriptors, self.threads, self.children, self.mappings, self.resident_kib
        )
    }
}
