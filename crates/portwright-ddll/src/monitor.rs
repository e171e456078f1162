//! What a driver holds for a process monitor: 32 bytes of which we use 24.

use portwright::PortId;
use portwright_driver::MonitorId;
use portwright_driver_abi::ErlDrvMonitor;

/// Tells a monitor from memory that was never one.
const MARK: u64 = 0x706f_7274_6d6f_6e31;
/// Bytes that are written and compared, as on OTP.
pub(crate) const USED: usize = 24;

/// The first 24 bytes of a monitor.
pub(crate) fn bytes(port: PortId, monitor: MonitorId) -> [u8; USED] {
    let mut bytes = [0; USED];
    bytes[..8].copy_from_slice(&monitor.0.to_be_bytes());
    bytes[8..16].copy_from_slice(&port.id().to_be_bytes());
    bytes[16..].copy_from_slice(&MARK.to_be_bytes());
    bytes
}

/// A whole monitor.
pub(crate) fn write(port: PortId, monitor: MonitorId) -> ErlDrvMonitor {
    let mut whole = ErlDrvMonitor::default();
    whole.data[..USED].copy_from_slice(&bytes(port, monitor));
    whole
}

/// The monitor that these bytes stand for, if it is one of this port.
pub(crate) fn read(port: PortId, monitor: &ErlDrvMonitor) -> Option<MonitorId> {
    let number = u64::from_be_bytes(monitor.data[..8].try_into().ok()?);
    let monitor_id = MonitorId(number);
    (monitor.data[..USED] == bytes(port, monitor_id)).then_some(monitor_id)
}
