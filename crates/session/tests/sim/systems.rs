//! Models of the servers of three other systems, as they behave on the wire: Socket.IO rooms of two,
//! the one room of the channels mesh, and the appointments of a client and a professional.
//!
//! They pass messages on unread, so cutting text is all they need.

use super::connections::ConnId;
use super::network::{Occurrence, SimulatedNetwork};
use super::server::Server;

/// Tokens with the claims `{"uuid":"u7","clientName":"Jim"}` and `{"proId":1}`.
pub(crate) const CLIENT: &str = "h.eyJ1dWlkIjoidTciLCJjbGllbnROYW1lIjoiSmltIn0.s";
pub(crate) const PROFESSIONAL: &str = "h.eyJwcm9JZCI6MX0.s";

/// The kind of an Engine.IO server.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Engine {
    /// Whether it speaks protocol 3, in which the client pings.
    pub(crate) old: bool,
    pub(crate) ping: Option<u32>,
}

/// What the appointments server stores of its one appointment.
#[derive(Debug, Default)]
pub(crate) struct AppointmentState {
    client: Option<ConnId>,
    professional: Option<ConnId>,
    offer: Option<String>,
    answer: Option<String>,
    offerer_ice: Vec<String>,
    answerer_ice: Vec<String>,
}

impl SimulatedNetwork {
    /// Sends the first message to a new socket, where the server does.
    pub(crate) fn send_handshake(&mut self, conn: ConnId) {
        match &mut self.server {
            Server::Pairs { engine, .. } | Server::Appointments { engine, .. } => {
                let engine = *engine;
                let beat = engine.ping.map_or_else(String::new, |ping| {
                    format!(",\"pingInterval\":{ping},\"pingTimeout\":20000")
                });
                self.send_message(
                    conn,
                    format!("0{{\"sid\":\"e{conn}\",\"upgrades\":[]{beat}}}"),
                );
                if engine.old {
                    self.send_message(conn, "40".to_owned());
                }
                if let (false, Some(ping)) = (engine.old, engine.ping) {
                    self.after(ping.into(), Occurrence::ServerPing { conn });
                }
            }
            Server::Mesh { conns } => conns.push(conn),
            _ => {}
        }
    }

    fn send_message(&mut self, conn: ConnId, text: String) {
        self.send_down(conn, text, false);
    }

    /// Handles a Socket.IO frame. An event is returned: its name, with the number of the acknowledgement
    /// that it asks for, and its arguments without brackets.
    pub(crate) fn socket_io_receives(
        &mut self,
        conn: ConnId,
        text: &str,
    ) -> Option<(String, String)> {
        match text {
            "2" => self.send_message(conn, "3".to_owned()),
            "3" => {}
            _ if text.starts_with("40") => {
                self.send_message(conn, format!("40{{\"sid\":\"s{conn}\"}}"));
                return Some(("connection".to_owned(), text.to_owned()));
            }
            _ => {
                let event = text.strip_prefix("42").expect("an event");
                let (number, event) = event.split_once("[\"").expect("a list");
                let event = event.strip_suffix(']');
                let (name, arguments) = event.and_then(|it| it.split_once('"')).expect("a name");
                let arguments = arguments.trim_start_matches(',');
                return Some(([name, number].concat(), arguments.to_owned()));
            }
        }
        None
    }

    pub(crate) fn pairs_handle(&mut self, conn: ConnId, name: &str, arguments: &str) {
        let Server::Pairs { members, .. } = &mut self.server else {
            return;
        };
        let others = members.iter().copied().filter(|&it| it != conn);
        let others: Vec<_> = others.collect();
        match name {
            "connection" => {}
            "join" => {
                let reply = match members.len() {
                    0 => "created",
                    1 => "joined",
                    _ => "full",
                };
                if reply != "full" {
                    members.push(conn);
                }
                self.send_message(conn, format!("42[\"{reply}\"]"));
            }
            "leave" => {
                members.retain(|&it| it != conn);
                for to in others {
                    self.send_message(to, "42[\"leave\"]".to_owned());
                }
            }
            _ => {
                let payload = arguments.strip_suffix("\"standup\"").expect("the room");
                let payload = payload.trim_end_matches(',');
                let comma = if payload.is_empty() { "" } else { "," };
                for to in others {
                    let text = format!("42[\"{name}\"{comma}{payload}]");
                    self.send_down(to, text, name != "ready");
                }
            }
        }
    }

    pub(crate) fn channel(conn: ConnId) -> String {
        format!("specific.{conn:03}!x")
    }

    pub(crate) fn mesh_server_receives(&mut self, conn: ConnId, text: &str) {
        const KEY: &str = "\"receiver_channel_name\":\"";
        let Server::Mesh { conns } = &self.server else {
            return;
        };
        let own = Self::channel(conn);
        if let Some((before, rest)) = text.rsplit_once(KEY) {
            let (channel, after) = rest.split_once('"').expect("the end of the channel");
            let to = conns
                .iter()
                .copied()
                .find(|&it| Self::channel(it) == channel);
            let text = format!("{before}{KEY}{own}\"{after}");
            to.into_iter()
                .for_each(|to| self.send_down(to, text.clone(), true));
        } else {
            let before = text.strip_suffix("{}}").expect("an empty message");
            let text = format!("{before}{{{KEY}{own}\"}}}}");
            for to in conns.clone() {
                self.send_message(to, text.clone());
            }
        }
    }

    pub(crate) fn appointments_handle(&mut self, conn: ConnId, name: &str, arguments: &str) {
        let Server::Appointments { appointment, .. } = &mut self.server else {
            return;
        };
        // The server keeps the last socket of each role and never removes one. One that is closed by
        // now would get the messages for its successor.
        if name == "connection" && !self.conns[conn].listens {
            return;
        }
        let (client, professional) = (appointment.client, appointment.professional);
        let mut messages: Vec<(Option<ConnId>, String)> = Vec::new();
        match name {
            "connection" if arguments.contains(PROFESSIONAL) => {
                appointment.professional = Some(conn);
                messages.push((Some(conn), "42[\"apptData\",[]]".to_owned()));
                if appointment.offer.is_some() {
                    messages.push((Some(conn), appointment.waiting()));
                }
            }
            "connection" => {
                appointment.client = Some(conn);
                if appointment.offer.is_some() {
                    let answer = appointment.answer.as_deref().unwrap_or("null");
                    messages.push((Some(conn), format!("42[\"answerToClient\",{answer}]")));
                }
            }
            "newOffer" => {
                let (offer, _) = arguments
                    .split_once(",\"apptInfo\":")
                    .expect("the appointment");
                let offer = offer.strip_prefix("{\"offer\":").map(str::to_owned);
                let (client, professional) = (appointment.client, appointment.professional);
                *appointment = AppointmentState {
                    client,
                    professional,
                    offer,
                    ..AppointmentState::default()
                };
                messages.push((professional, "42[\"apptData\",[]]".to_owned()));
                messages.push((professional, appointment.waiting()));
            }
            "newAnswer" => {
                let (answer, _) = arguments.split_once(",\"uuid\":").expect("the appointment");
                let answer = answer.strip_prefix("{\"answer\":").expect("the answer");
                appointment.answer = Some(answer.to_owned());
                messages.push((client, format!("42[\"answerToClient\",{answer}]")));
            }
            "iceToServer" if appointment.offer.is_some() => {
                let (candidate, who) = arguments.split_once(",\"who\":").expect("who it is");
                let candidate = candidate.strip_prefix("{\"iceC\":").expect("the candidate");
                let text = format!("42[\"iceToClient\",{candidate}]");
                if who.starts_with("\"client\"") {
                    appointment.offerer_ice.push(candidate.to_owned());
                    messages.push((professional, text));
                } else {
                    appointment.answerer_ice.push(candidate.to_owned());
                    messages.push((client, text));
                }
            }
            "getIce0" | "getIce1" if appointment.offer.is_some() => {
                let known = match arguments.ends_with("\"professional\"") {
                    true => &appointment.offerer_ice,
                    false => &appointment.answerer_ice,
                };
                messages.push((
                    Some(conn),
                    format!("43{}[[{}]]", &name[6..], known.join(",")),
                ));
            }
            // Without an offer it is lost, and never acknowledged.
            "iceToServer" | "getIce0" | "getIce1" => {}
            other => panic!("the server does not know {other}"),
        }
        for (to, text) in messages {
            let signal = text.contains("\"sdp\"") || text.contains("iceToClient");
            to.into_iter()
                .for_each(|to| self.send_down(to, text.clone(), signal));
        }
    }
}

impl AppointmentState {
    fn waiting(&self) -> String {
        format!(
            "42[\"newOfferWaiting\",{{\"uuid\":\"u7\",\"clientName\":\"Jim\",\"offer\":{},\
             \"offererIceCandidates\":[{}],\"answer\":{},\"answerIceCandidates\":[{}]}}]",
            self.offer.as_deref().unwrap_or("null"),
            self.offerer_ice.join(","),
            self.answer.as_deref().unwrap_or("null"),
            self.answerer_ice.join(",")
        )
    }
}
