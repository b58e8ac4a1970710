//! Words that every room shares. No input, no output, no other room.
