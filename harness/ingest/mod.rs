//! Outside formats into words of the domain; nothing of a vendor's format leaves this room.

pub mod redact;
