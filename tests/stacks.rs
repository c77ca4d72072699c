//! The stacks of a report and what it says after its header, in the JSON of the real binary.

mod common;

use common::splat;
use serde_json::{Value, json};

/// Label, task and innermost function of each stack.
fn stacks(splat: &Value) -> Vec<(Value, Value, Value)> {
    let all = splat["stacks"].as_array().expect("a list").iter();
    all.map(|stack| {
        let function = stack["frames"][0]["function"].clone();
        (stack["label"].clone(), stack["task"].clone(), function)
    })
    .collect()
}

#[test]
fn kasan_shows_who_allocated_and_who_freed() {
    let splat = splat(
        "\
[   12.1] BUG: KASAN: slab-use-after-free in mydrv_release+0x51/0x80
[   12.1] Read of size 4 at addr ffff88801aa3b0c8 by task test/512
[   12.1] CPU: 0 UID: 0 PID: 512 Comm: test Not tainted 6.15.0 #3
[   12.1] Call Trace:
[   12.1]  <TASK>
[   12.1]  mydrv_release+0x51/0x80
[   12.1]  __fput+0x402/0xb70
[   12.1]  </TASK>
[   12.1] Allocated by task 511:
[   12.1]  mydrv_open+0x21/0x80
[   12.1] Freed by task 512:
[   12.1]  mydrv_close+0x21/0x80
[   12.1] The buggy address belongs to the object at ffff88801aa3b000
[   12.1]  which belongs to the cache kmalloc-256 of size 256
[   12.1] Memory state around the buggy address:
[   12.1]  ffff88801aa3b000: fa fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb
",
    );
    assert_eq!(
        stacks(&splat),
        [
            (Value::Null, Value::Null, json!("mydrv_release")),
            (
                json!("Allocated by task 511"),
                json!(511),
                json!("mydrv_open")
            ),
            (json!("Freed by task 512"), json!(512), json!("mydrv_close")),
        ]
    );
    assert_eq!(splat["frames"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        splat["details"],
        json!([
            "Read of size 4 at addr ffff88801aa3b0c8 by task test/512",
            "The buggy address belongs to the object at ffff88801aa3b000",
            "which belongs to the cache kmalloc-256 of size 256",
        ])
    );
}

#[test]
fn the_own_stack_comes_first_though_it_was_printed_last() {
    let splat = splat(
        "\
[   71.0] BUG mycache (Not tainted): Object already free
[   71.0] Allocated in mydrv_open+0x40/0xa0 age=3 cpu=1 pid=77
[   71.0]  mydrv_open+0x40/0xa0
[   71.0] CPU: 1 UID: 0 PID: 77 Comm: test Not tainted 6.12.9 #1
[   71.0] Call Trace:
[   71.0]  <TASK>
[   71.0]  object_err+0x2c/0x40
[   71.0]  mydrv_close+0x20/0x60
[   71.0]  </TASK>
",
    );
    let allocated = json!("Allocated in mydrv_open+0x40/0xa0 age=3 cpu=1 pid=77");
    assert_eq!(
        stacks(&splat),
        [
            (Value::Null, Value::Null, json!("object_err")),
            (allocated, Value::Null, json!("mydrv_open")),
        ]
    );
}

#[test]
fn details_are_quoted_as_the_log_has_them() {
    let splat = splat(
        "\
[   12.1] WARNING: possible recursive locking detected
[   12.1] cat/77 is trying to acquire lock:
[   12.1] ffff8881000a0a58 (&a){+.+.}-{3:3}, at: mydrv_go (drivers/mydrv.c:99) mydrv
[   12.1] Call Trace:
[   12.1]  <TASK>
[   12.1] mydrv_go (drivers/mydrv.c:99) mydrv
[   12.1]  </TASK>
",
    );
    assert_eq!(splat["title"], "possible deadlock in mydrv_go");
    let locks = "ffff8881000a0a58 (&a){+.+.}-{3:3}, at: mydrv_go (drivers/mydrv.c:99) mydrv";
    assert_eq!(
        splat["details"],
        json!(["cat/77 is trying to acquire lock:", locks])
    );
    assert!(splat["stacks"].is_null(), "one stack is in frames already");
}
