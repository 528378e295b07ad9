//! V4L2 structures and constants of the kernel's user interface (`linux/videodev2.h`).
//!
//! Stands in for the crate of the same name, whose build script needs libclang. The bindings hold
//! no sizes or offsets, only C types, so one file serves every architecture: the compiler lays
//! the structures out for its target. `README.md` beside this says how to make them again.
#![no_std]
#![allow(clippy::all)]
#![allow(non_camel_case_types)]
#![allow(non_snake_case)]
#![allow(non_upper_case_globals)]
#![allow(dead_code)]

include!("bindings.rs");
