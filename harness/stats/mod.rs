//! Plain numbers in, estimates out. Uses no other room.
