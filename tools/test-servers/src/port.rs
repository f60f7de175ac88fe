//! Where a server that cannot choose its port by itself may listen.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
};

/// Ports below those that Linux gives to connections (<https://docs.kernel.org/networking/ip-sysctl.html>).
const SERVER_PORTS: Range<u16> = 10_000..20_000;

/// How many of these are tried before any other port is taken.
const ATTEMPTS: usize = 50;

/// A port of the loopback address that is free now. Another server can take it before its user does, but no connection
/// does.
///
/// # Errors
/// When the system has none.
pub fn find_free_port() -> io::Result<u16> {
    let drawn = (0..ATTEMPTS).find_map(|_| probe(fastrand::u16(SERVER_PORTS)).ok());
    drawn.map_or_else(|| probe(0), Ok)
}

fn probe(port: u16) -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()?.port())
}
