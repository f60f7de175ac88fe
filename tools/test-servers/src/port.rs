//! Where a server that cannot choose its port by itself may listen.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// A port of the loopback address that is free now; another process can take it before its user does.
///
/// # Errors
/// When the system has none.
pub fn find_free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
