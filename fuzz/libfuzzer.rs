//! The program as libFuzzer runs it: `VGGCAM_FUZZ_TARGET` names the target, and arguments are libFuzzer's.

use std::{
    env,
    ffi::{CString, c_char, c_int},
    os::unix::ffi::OsStringExt,
    panic, process, slice,
    sync::OnceLock,
};

use crate::targets::TARGETS;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

#[link(name = "Fuzzer", kind = "static")]
#[link(name = "stdc++")]
unsafe extern "C" {
    /// <https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library>
    fn LLVMFuzzerRunDriver(
        count: *mut c_int,
        arguments: *mut *mut *mut c_char,
        callback: extern "C" fn(*const u8, usize) -> c_int,
    ) -> c_int;
}

extern "C" fn one(data: *const u8, length: usize) -> c_int {
    let data = match length {
        0 => &[],
        // SAFETY: libFuzzer gives as many bytes as it says, and keeps them until this returns.
        _ => unsafe { slice::from_raw_parts(data, length) },
    };
    if let Some(target) = TARGET.get() {
        target(data);
    }
    0
}

/// Hands the process to libFuzzer.
pub fn run() {
    let wished = env::var("VGGCAM_FUZZ_TARGET").unwrap_or_default();
    let Some((_, target)) = TARGETS.into_iter().find(|(name, _)| *name == wished) else {
        let names = TARGETS.map(|(name, _)| name).join(", ");
        eprintln!("VGGCAM_FUZZ_TARGET is {wished:?}; there are {names}");
        process::exit(2);
    };
    TARGET.get_or_init(|| target);
    // A panic on any thread ends the process, so that libFuzzer keeps the input.
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        usual(info);
        process::abort();
    }));
    // Arguments of a process hold no zeros.
    let owned: Vec<CString> = env::args_os().filter_map(|argument| CString::new(argument.into_vec()).ok()).collect();
    let mut pointers: Vec<*mut c_char> = owned.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
    let mut count = pointers.len() as c_int;
    pointers.push(std::ptr::null_mut());
    let mut arguments = pointers.as_mut_ptr();
    // SAFETY: a list of strings that ends with a null pointer, as C's `main` has it; it lives until the process ends.
    process::exit(unsafe { LLVMFuzzerRunDriver(&mut count, &mut arguments, one) });
}
