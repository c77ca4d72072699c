//! Owner and mode of a file that takes the place of another.

use rustix::fs::{Gid, Uid, fchown};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};

/// The file will be read by nobody else.
pub fn private(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Gives a file the owner and the mode of another. Who may not give files away keeps it as his own.
///
/// # Errors
/// What the operating system says.
pub fn like(file: &File, old: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    let (user, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
    let is_other = (own.uid(), own.gid()) != (old.uid(), old.gid());
    let given = !is_other || fchown(file, Some(user), Some(group)).is_ok();
    let of_group = given || fchown(file, None, Some(group)).is_ok();
    let mode = old.permissions().mode() & 0o7777;
    let mode = match (given, of_group) {
        (true, _) => mode,
        // What the old group may do is not for another one.
        (false, true) => mode & 0o777,
        (false, false) => mode & 0o707,
    };
    file.set_permissions(fs::Permissions::from_mode(mode))
}
