#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| ksplat_fuzz::run("nested", input));
