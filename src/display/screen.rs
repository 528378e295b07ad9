//! The screen: the picture, the label, its confidence as a bar, frames per second, the model's name.
