//! What `vggcam` does: the live loop, `classify`, `bench`, `doctor`.
