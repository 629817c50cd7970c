#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| groupchat_api::fuzzing::heads(bytes));
