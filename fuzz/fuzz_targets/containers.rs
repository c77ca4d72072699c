//! Any bytes as an input: archives, compressed data, mailboxes, mails, within narrow limits.
#![no_main]

use ksplat::input::container::{Content, Limits, Member, Text, UnpackError, Unpacker, Visit};
use ksplat::input::read_chunks;
use libfuzzer_sys::fuzz_target;

const MAX_SIZE: u64 = 1 << 20;

#[derive(Default)]
struct Count {
    members: u64,
    streamed: u64,
}

impl Visit for Count {
    fn member(&mut self, member: Member<'_>) {
        self.members += 1;
        if let Text::Stream(reader) = member.text {
            let streamed = &mut self.streamed;
            read_chunks(reader, |chunk| *streamed += chunk.len() as u64).expect("errors go to the walk");
        }
    }

    fn error(&mut self, error: UnpackError) {
        assert!(!error.to_string().contains('\n'));
    }
}

fuzz_target!(|input: &[u8]| {
    let limits = Limits { max_size: MAX_SIZE, max_members: 1000, ..Limits::default() };
    let mut count = Count::default();
    Unpacker::new(limits).unpack("input", Content::Whole(input), &mut count);
    assert!(count.members <= 1000);
});
