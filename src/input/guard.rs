//! Files that are cut short while they are mapped: a log that logrotate's copytruncate empties.
//!
//! In: the addresses of a map. Out: whether its file was cut short. To touch a page after the end of the file raises
//! SIGBUS (mmap(2)), which would end the run and all its results; here zeros take the place of what is gone, and
//! whoever reads the file learns of it. To read() large files instead would copy every byte, and could not search them
//! on all cores.

use std::io;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Maps at once; what comes beyond is read as a stream.
const MAX_MAPS: usize = 4096;

/// A map that is guarded.
#[derive(Debug)]
pub struct Guard(&'static GuardedMap);

/// Where a map is; `end` is 0 where there is none.
#[derive(Debug)]
struct GuardedMap {
    taken: AtomicBool,
    start: AtomicUsize,
    end: AtomicUsize,
    cut: AtomicBool,
}

/// What the signal handler knows: it may take no lock and no memory.
static PLACES: [GuardedMap; MAX_MAPS] = [const {
    GuardedMap {
        taken: AtomicBool::new(false),
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        cut: AtomicBool::new(false),
    }
}; MAX_MAPS];

impl Guard {
    /// Guards the addresses of a map of a file, which must be readable and nothing else. They are given up before
    /// the file is unmapped.
    ///
    /// # Errors
    /// Where too many maps are guarded, or the signal cannot be caught.
    pub fn of(addresses: Range<usize>) -> io::Result<Guard> {
        install()?;
        let free = PLACES.iter().find(|place| {
            let taken = place.taken.swap(true, Ordering::Acquire);
            !taken
        });
        let place = free.ok_or_else(|| io::Error::other("too many files are mapped"))?;
        place.cut.store(false, Ordering::Relaxed);
        place.start.store(addresses.start, Ordering::Relaxed);
        place.end.store(addresses.end, Ordering::Release);
        Ok(Guard(place))
    }

    /// True where the file was cut short, and zeros were read.
    pub fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::Acquire)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.end.store(0, Ordering::Release);
        self.0.taken.store(false, Ordering::Release);
    }
}

/// Catches the signal, once.
fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<i32> = OnceLock::new();
    let errno = *INSTALLED.get_or_init(|| {
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_fault;
        // SAFETY: an all-zero sigaction is a valid one, and the handler is safe at any time: it reads atomics and
        // makes one system call.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            match libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()) {
                0 => 0,
                _ => io::Error::last_os_error().raw_os_error().unwrap_or(-1),
            }
        }
    });
    match errno {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Puts zeros in the place of what a file has lost. A fault elsewhere ends the program, as it would without this.
extern "C" fn on_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    // SAFETY: the kernel hands over a valid siginfo, with the address of the fault for SIGBUS.
    let address = unsafe { (*info).si_addr() } as usize;
    let holds = |place: &&GuardedMap| {
        let end = place.end.load(Ordering::Acquire);
        (place.start.load(Ordering::Relaxed)..end).contains(&address)
    };
    let replaced = PLACES.iter().find(holds).is_some_and(|place| {
        place.cut.store(true, Ordering::Release);
        // SAFETY: the pages from here to the end are those of a map that is read only, and stays mapped while its
        // guard lives; what is put there is readable as well.
        unsafe { put_zeros(address, place.end.load(Ordering::Acquire)) }
    });
    if !replaced {
        // SAFETY: the fault comes again when this returns, and nobody catches it then.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Zeros from the page of an address on; false where the kernel refuses.
///
/// # Safety
/// The addresses must be those of a map that nobody writes to.
unsafe fn put_zeros(address: usize, end: usize) -> bool {
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    let begin = address / page * page;
    let flags = libc::MAP_PRIVATE | libc::MAP_FIXED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let zeros = unsafe {
        libc::mmap(
            begin as *mut libc::c_void,
            end - begin,
            libc::PROT_READ,
            flags,
            -1,
            0,
        )
    };
    zeros != libc::MAP_FAILED
}
