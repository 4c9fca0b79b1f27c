//! Random room names.

/// The number of random bytes in a [`suggestion`].
pub const RANDOM_BYTES: usize = 6;

/// Turns random bytes into a name that can be pronounced.
///
/// Two bytes make a word of five letters, consonants and vowels in turn (proquints,
/// <https://arxiv.org/html/0901.4016>). With 48 random bits, a name cannot be guessed.
pub fn suggestion(random: [u8; RANDOM_BYTES]) -> String {
    random
        .chunks_exact(2)
        .map(word)
        .collect::<Vec<_>>()
        .join("-")
}

fn word(pair: &[u8]) -> String {
    let bits = pair
        .iter()
        .fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte));
    let consonant = |shift: usize| CONSONANTS[bits >> shift & 15];
    let vowel = |shift: usize| VOWELS[bits >> shift & 3];
    let letters = [
        consonant(12),
        vowel(10),
        consonant(6),
        vowel(4),
        consonant(0),
    ];
    letters.iter().map(|&letter| char::from(letter)).collect()
}

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

#[cfg(test)]
mod tests {
    use videocalls_client::RoomName;

    use super::*;

    #[test]
    fn matches_the_examples_of_the_paper() {
        assert_eq!(suggestion([127, 0, 0, 1, 63, 84]), "lusab-babad-gutih");
    }

    #[test]
    fn suggests_valid_room_names() {
        for byte in [0, 1, 85, 128, 255] {
            let name = suggestion([byte; RANDOM_BYTES]);
            assert_eq!(RoomName::new(&name).unwrap().as_str(), name);
        }
    }
}
