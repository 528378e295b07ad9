//! The integer engine allocates nothing for a picture after the first.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use vggcam::engine::{
    classifier::BUNDLED,
    fused::Fused,
    layers::engine::Pixels,
    open::{self, Settings},
};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
struct Counting;

// SAFETY: every call is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_second_picture_allocates_nothing() {
    for threads in [1, 3] {
        let opened = open::from_bytes(BUNDLED, "the bundled model", Settings::plain(threads)).unwrap();
        let Some(Fused::Integer(engine)) = opened.plan.engine() else { panic!("not the integer engine") };
        let picture: Vec<u8> = (0..224 * 224 * 3).map(|i| (i % 251) as u8).collect();
        let mut output = vec![0.0; engine.program().output.count];
        let mut run = || engine.run(&[Pixels::Bytes(&picture)], &mut output, None).unwrap();
        run();
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for _ in 0..5 {
            run();
        }
        assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0, "with {threads} threads");
    }
}
