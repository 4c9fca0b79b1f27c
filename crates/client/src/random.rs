//! Random numbers from the browser.

use wasm_bindgen::JsCast;
use web_sys::Crypto;

use crate::browser::global;

/// A random number.
pub(crate) fn random() -> u32 {
    let mut bytes = [0_u8; 4];
    fill(&mut bytes);
    u32::from_le_bytes(bytes)
}

/// A UUID v4. It is made by hand because `crypto.randomUUID` exists in secure contexts only.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 16];
    fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        for digit in [byte >> 4, byte & 0x0f] {
            id.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    id
}

fn fill(bytes: &mut [u8]) {
    let crypto: Crypto = global("crypto").unchecked_into();
    // A failure leaves zeros: an id that is not unique, so that peers over a relay ignore it.
    let _ = crypto.get_random_values_with_u8_array(bytes);
}
