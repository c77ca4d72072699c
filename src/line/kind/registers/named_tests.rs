use super::registers;

/// A line, and one register of it.
const LINES: &[(&str, &str, &str)] = &[
    (
        "x29: ffff0000401f7c40 x28: 0000000000000007 ",
        "x28",
        "0000000000000007",
    ),
    (
        "pstate: 60400005 (nZCv daif +PAN -UAO -TCO BTYPE=--)",
        "pstate",
        "60400005",
    ),
    (
        "sp : 8bdfc010  ip : 8bdfc020  fp : 8bdfc01c",
        "ip",
        "8bdfc020",
    ),
    (
        "pc : [<80de0078>]    lr : [<80de0574>]    psr: 60000013",
        "lr",
        "80de0574",
    ),
    ("r3 : 8bdfc000  r2 : 00000000", "r3", "8bdfc000"),
    (
        "lr : process_srcu+0x10/0xa0",
        "lr",
        "process_srcu+0x10/0xa0",
    ),
    (
        " gp : ffffffff8588a060 tp : ffffffe0123a5000 t0 : 0000000000000010",
        "t0",
        "0000000000000010",
    ),
    (
        "NIP:  c00000000024a60c LR: c00000000024a5f0 CTR: c000000000123456",
        "lr",
        "c00000000024a5f0",
    ),
    (
        "REGS: c000000002957a80 TRAP: 0300   Not tainted  (5.10.0)",
        "trap",
        "0300",
    ),
    (
        "MSR:  8000000000009033 <SF,EE,ME,IR,DR,RI,LE>  CR: 24004822  XER: 20040000",
        "cr",
        "24004822",
    ),
    (
        "CFAR: c00000000024a5ec DAR: 0000000000000038 DSISR: 40000000 IRQMASK: 0 ",
        "irqmask",
        "0",
    ),
    (
        "ra    : 800347a0 zeta_read_reg+0x64/0x190",
        "ra",
        "800347a0",
    ),
    ("Status: 1100fc03\tKERNEL EXL IE ", "status", "1100fc03"),
    ("Cause : 00800010 (ExcCode 04)", "cause", "00800010"),
    ("PrId  : 00019650 (MIPS 24KEc)", "prid", "00019650"),
    (
        "pc 90000000851b5ac0 ra 90000000851b5aa4 tp 90000001076b8000 sp 90000001076bb600",
        "sp",
        "90000001076bb600",
    ),
    (
        "   ra: 90000000851b5aa4 zeta_run_xdp+0xac/0x8d8",
        "ra",
        "90000000851b5aa4",
    ),
    (
        " CRMD: 000000b0 (PLV0 -IE -DA +PG DACF=CC DACM=CC -WE)",
        "crmd",
        "000000b0",
    ),
    (
        "ESTAT: 00010000 [PIL] (IS= ECode=1 EsubCode=0)",
        "estat",
        "00010000",
    ),
    (
        "TSTATE: 00000044110033a1 TPC: 0000000000450f88 TNPC: 0000000000450f8c Y: 00000008    Not tainted",
        "tpc",
        "0000000000450f88",
    ),
    (
        "o4: 0000000000000000 o5: 0000000000000000 sp: fff0000001948b11 ret_pc: 0000000000450fa0",
        "ret_pc",
        "0000000000450fa0",
    ),
    (
        "IASQ: 00000000 00000000 IAOQ: 10444814 10444818",
        "iaoq",
        "10444814",
    ),
    (
        " CPU:        1   CR30: 11dd32b0 CR31: 00000000",
        "cr30",
        "11dd32b0",
    ),
    (
        "pc = [<fffffc000078cdb8>]  ra = [<fffffc00003df558>]  ps = 0000    Not tainted",
        "pc",
        "fffffc000078cdb8",
    ),
    (
        "t8 = fffffc0000e294a0  t9 = fffffc0000ec65e8  t10= 0000000000000001",
        "t10",
        "0000000000000001",
    ),
    (
        "gp = fffffc0000ec1e90  sp = (____ptrval____)",
        "gp",
        "fffffc0000ec1e90",
    ),
    ("SR: 2000  SP: 00b4bb88  a2: 009b2a30", "sr", "2000"),
    (
        "d0: 00000000    d1: 009b2a30    d2: 00000000    d3: 00b4a5a0",
        "d3",
        "00b4a5a0",
    ),
    (
        "PC  : 8c0115ce SP  : 8f82beb8 SR  : 400080f1 TEA : 00000004",
        "tea",
        "00000004",
    ),
    (
        "R8  : 8c0115ce R9  : 8f82beb8 R10 : 400080f1 R11 : 00000004",
        "r10",
        "400080f1",
    ),
    (
        "[ECR   ]: 0x00050100 => Invalid Read @ 0x012025a0 by insn @ 0x800aae66",
        "ecr",
        "00050100",
    ),
    ("[STAT32]: 0x00080002 :   K     ", "stat32", "00080002"),
    (
        "BTA: 0x800aae60\t SP: 0x803e9a78\t FP: 0x00000000",
        "sp",
        "803e9a78",
    ),
    (
        "r00: 0x012025a0\tr01: 0x0000000a\tr02: 0x00000000",
        "r1",
        "0000000a",
    ),
    (
        "pc: d0012345, ps: 00060030, depc: 0000000b, excvaddr: 00000004",
        "excvaddr",
        "00000004",
    ),
    (
        "lbeg: d0012345, lend: 00060030 lcount: 0000000b, sar: 00000004",
        "lend",
        "00060030",
    ),
    (
        "GPR04: 00000001 GPR05: c0345678 GPR06: 00000000 GPR07: 00000000",
        "gpr5",
        "c0345678",
    ),
    (
        "   PC: c0012345    SR: 0000807f    SP: c1823e30",
        "sr",
        "0000807f",
    ),
    (
        " r1=CF8D1EA4, r2=00000000, r3=00000001, r4=CF8D1F30",
        "r4",
        "CF8D1F30",
    ),
    (
        " r29=00000000, r30=00000000, r31=CF8C8000, rPC=C0012345",
        "rpc",
        "C0012345",
    ),
    (
        " a0: 0x00000001   a1: 0x90345678   a2: 0x00000000   a3: 0x00000000",
        "a1",
        "90345678",
    ),
];

#[test]
fn the_lines_of_all_architectures() {
    for (line, name, value) in LINES {
        let all = registers(line).unwrap_or_else(|| panic!("no register line: {line}"));
        let entry = ((*name).into(), (*value).into());
        assert!(all.contains(&entry), "{line}: {all:?}");
    }
}

#[test]
fn other_text_is_none() {
    for text in [
        "sp : cut",
        "status: ok",
        "x is 3",
        "ip : 10.0.0.1",
        "",
        "cause: 12345678 is prose",
        "CPU: 1 PID: 0 Comm: swapper",
        "a 12",
        "r99: 00000000",
        "sp deadbeefcafe",
        "at = 12345678 o'clock",
    ] {
        assert!(registers(text).is_none(), "{text}");
    }
}
