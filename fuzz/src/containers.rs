//! Any bytes as an input: archives, compressed data, mailboxes, mails, within narrow limits.

use ksplat::stages::input::container::{
    Content, Limits, Member, MemberText, UnpackError, Unpacker, Visit,
};
use ksplat::stages::input::read_chunks;

const MAX_SIZE: u64 = 1 << 20;
const MAX_MEMBERS: u64 = 1000;

#[derive(Default)]
struct Count {
    members: u64,
    streamed: u64,
}

impl Visit for Count {
    fn member(&mut self, member: Member<'_>) {
        self.members += 1;
        if let MemberText::Stream(reader) = member.text {
            let streamed = &mut self.streamed;
            read_chunks(reader, |chunk| *streamed += chunk.len() as u64)
                .expect("errors go to the walk");
        }
    }

    fn error(&mut self, error: UnpackError) {
        assert!(error.to_string().chars().all(|c| !c.is_control()));
    }
}

pub fn run(input: &[u8]) {
    let limits = Limits {
        max_size: MAX_SIZE,
        max_members: MAX_MEMBERS,
        ..Limits::default()
    };
    let mut count = Count::default();
    Unpacker::new(limits).unpack("input", Content::Whole(input), &mut count);
    assert!(count.members <= MAX_MEMBERS);
}
