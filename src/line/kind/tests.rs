use super::*;

fn read(text: &str) -> LineKind {
    line_kind(&Grammar::builtin(), text, 1)
}

#[test]
fn rip_in_its_forms() {
    for text in [
        "RIP: 0010:do_clear_cpu_cap+0xde/0x130",
        "RIP: 0010:[<ffffffff82d4e304>]  [<ffffffff82d4e304>] do_clear_cpu_cap+0xde/0x130",
        "RIP: 0010:do_clear_cpu_cap (arch/x86/kernel/cpu/cpuid-deps.c:118 (discriminator 1))",
        "EIP: do_clear_cpu_cap (arch/x86/kernel/cpu/cpuid-deps.c:118)",
        "pc : do_clear_cpu_cap+0xde/0x130",
        "PC is at do_clear_cpu_cap+0xde/0x130",
        "NIP [c000000000123456] do_clear_cpu_cap+0xde/0x130",
        "epc : do_clear_cpu_cap+0xde/0x130",
        "Krnl PSW : 0704c00180000000 00000000001ff1c2 (do_clear_cpu_cap+0xde/0x130)",
        "RIP: e030:do_clear_cpu_cap+0xde/0x130",
        "EIP is at do_clear_cpu_cap+0xde/0x130",
        "pc is at do_clear_cpu_cap+0xde/0x130",
        "epc   : 800347b0 do_clear_cpu_cap+0xde/0x130",
        "ERA: 90000000851b5ac0 do_clear_cpu_cap+0xde/0x130",
        "TPC: <do_clear_cpu_cap+0xde/0x130>",
        "PC: [<00291512>] do_clear_cpu_cap+0xde/0x130",
        "PC: 0x900a302c (do_clear_cpu_cap+0xde/0x130)",
        "IAOQ[0]: do_clear_cpu_cap+0xde/0x130",
        "[ERET  ]: do_clear_cpu_cap+0xde/0x130",
    ] {
        let LineKind::Rip(false, Some(code)) = read(text) else {
            panic!("{text}")
        };
        assert_eq!(code.function.as_deref(), Some("do_clear_cpu_cap"), "{text}");
    }
    assert!(matches!(
        read("RIP: 0033:0x47b7a0"),
        LineKind::Rip(true, Some(_))
    ));
}

#[test]
fn code_with_its_trapping_byte() {
    let LineKind::Code(code) = read("Code: 0f 84 6e ff ff ff <0f> 0b e9") else {
        panic!()
    };
    assert_eq!((code.bytes.len(), code.trap_offset), (9, Some(6)));
    assert_eq!(
        read("Code: Unable to access opcode bytes at 0x47b776."),
        LineKind::Known(Detail::None)
    );
}

#[test]
fn the_disassembly_of_lkp_mails_is_no_frame_and_no_register() {
    for text in [
        "  2a:*\t0f 0b                \tud2    \t\t<-- trapping instruction",
        "   0:\t89 c1 \tmov    %eax,%ecx",
        "All code",
        "========",
        "* 2a:\t67 48 0f b9 3a \tud1",
    ] {
        assert_eq!(read(text), LineKind::Known(Detail::None), "{text}");
    }
}

#[test]
fn a_place_may_be_among_other_registers() {
    for text in [
        "pc : [<80de0078>]    lr : [<80de0574>]    psr: 60000013",
        "epc : ffffffff80405f16 ra : ffffffff804001d0 sp : ff20000000013c30",
    ] {
        assert!(
            matches!(read(text), LineKind::Registers(all) if all.len() == 3),
            "{text}"
        );
    }
}

#[test]
fn words_without_a_name_wait_for_the_line_before() {
    let LineKind::Words(words) = read(" <c45c4038>") else {
        panic!()
    };
    assert_eq!(
        (words.code.bytes.len(), words.code.trap_offset),
        (4, Some(0))
    );
    assert!(matches!(
        read(">0000021761df4098: a7f4ffe1\t\tbrc\t15,0000021761df405a"),
        LineKind::Words(words) if words.words.is_empty() && words.code.bytes.len() == 4
    ));
    assert_eq!(read("Instruction DUMP:"), LineKind::Code(Code::default()));
    for text in ["dead men tell no tales", "cafe", "12:34:56 deadbeef"] {
        let is_word = matches!(read(text), LineKind::Words(_));
        assert_eq!(is_word, text == "cafe", "{text}");
    }
}

#[test]
fn a_frame_after_the_title_is_not_lost() {
    let LineKind::Frame(frame) = read("Call Trace: [<0027d4d6>] sys_ioctl+0x0/0x4c8") else {
        panic!()
    };
    assert_eq!(frame.name(), "sys_ioctl");
    assert_eq!(read("Call Trace:"), LineKind::TraceStart);
}

#[test]
fn sections_open_and_close() {
    assert_eq!(read(" <IRQ>"), LineKind::Section(Section::Irq, true));
    assert_eq!(read(" </TASK>"), LineKind::Section(Section::Task, false));
    assert_eq!(read("<>"), LineKind::Foreign);
    assert_eq!(read("</>"), LineKind::Foreign);
    assert_eq!(read("<script>"), LineKind::Foreign);
}
