//! Messages to a port: `Port ! {Owner,_}`.

use std::sync::Arc;

use portwright_term::{IoVec, Pid, Term, atoms, iolist};

use super::PortCore;
use super::signal::{Action, Signal};

/// What a message to a port says, before anybody has looked whether its sender
/// may say so.
pub(crate) enum Request {
    Command { claimed: Pid, data: IoVec },
    Other { claimed: Pid, action: Action },
    Bad { why: Bad },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    Form,
    Data,
}

impl Request {
    /// Rules P-400 and P-404.
    pub(crate) fn parse(message: &Term) -> Self {
        let form = Self::Bad { why: Bad::Form };
        let Some([Term::Pid(claimed), what]) = message.as_tuple() else {
            return form;
        };
        let claimed = *claimed;
        let action = match what {
            Term::Atom(atoms::CLOSE) => Action::Close,
            Term::Atom(atoms::EOF) => Action::CloseInput,
            Term::Tuple(tuple) => match &**tuple {
                [Term::Atom(atoms::COMMAND), data] => {
                    return match iolist::gather_command(data) {
                        Ok(data) => Self::Command { claimed, data },
                        Err(_) => Self::Bad { why: Bad::Data },
                    };
                }
                [Term::Atom(atoms::CONNECT), Term::Pid(new)] => Action::Connect(*new),
                _ => return form,
            },
            _ => return form,
        };
        Self::Other { claimed, action }
    }

    /// Whether a busy port makes the sender wait (P-802, P-803, P-809).
    pub(crate) fn is_command(&self) -> bool {
        matches!(self, Self::Command { .. } | Self::Bad { why: Bad::Data })
    }
}

impl PortCore {
    /// Handles a message from `sender`, busy or not.
    pub(crate) fn message(self: &Arc<Self>, sender: Pid, message: &Term) {
        self.handle_request(sender, Request::parse(message));
    }

    pub(crate) fn handle_request(self: &Arc<Self>, sender: Pid, request: Request) {
        match request {
            Request::Command { claimed, data } => self.send_command(sender, Some(claimed), data),
            Request::Other {
                claimed,
                action: Action::Connect(new),
            } if !self.node().is_local(new.into()) => {
                let _ = claimed;
                self.signal(Signal::BadMessage);
            }
            Request::Other { claimed, action } => self.signal(Signal::Message { claimed, action }),
            Request::Bad { why } => {
                if why == Bad::Data && self.is_open() {
                    self.report_bad_value();
                }
                self.signal(Signal::BadMessage);
            }
        }
    }

    /// Rule P-405: the report that accompanies data that is no I/O list.
    pub(crate) fn report_bad_value(&self) {
        tracing::error!(port = %self.id(), name = %self.name(), "Bad value on output port");
    }
}

/// Whether a message makes its sender wait while the port is busy.
pub(crate) fn is_command(message: &Term) -> bool {
    Request::parse(message).is_command()
}
