//! Computes the largest tile size at which all tiles fit.

/// A width and a height, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
}

/// Aspect ratio of the middle of a picture, where the face is.
const PICTURE: f64 = 1.3;
/// Lowest and highest aspect ratio of a tile; beyond them more of the picture is cut off than shown.
const SHAPES: (f64, f64) = (1.0, 16.0 / 9.0);

/// Returns the size of each of `count` tiles, `gap` apart, that shows the pictures largest in the
/// given space. All lengths are in CSS pixels.
///
/// Tries every number of columns; the smallest number wins a tie.
pub fn tile_size(count: usize, space: Size, gap: f64) -> Size {
    let mut best = Size {
        width: 0.0,
        height: 0.0,
    };
    for columns in 1..=count {
        let cell = cell(count, columns, space, gap);
        if picture_width(cell) > picture_width(best) + 0.5 {
            best = cell;
        }
    }
    shaped(best)
}

fn cell(count: usize, columns: usize, space: Size, gap: f64) -> Size {
    Size {
        width: share(space.width, columns, gap),
        height: share(space.height, count.div_ceil(columns), gap),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no room holds 2⁵³ people")]
fn share(length: f64, parts: usize, gap: f64) -> f64 {
    let parts = parts as f64;
    ((length - gap * (parts - 1.0)) / parts).max(0.0)
}

/// The width of the middle of a picture in a cell.
fn picture_width(cell: Size) -> f64 {
    cell.width.min(cell.height * PICTURE)
}

/// Limits the aspect ratio of a cell to that of a tile.
fn shaped(cell: Size) -> Size {
    let (narrowest, widest) = SHAPES;
    Size {
        width: cell.width.min(cell.height * widest).floor(),
        height: cell.height.min(cell.width / narrowest).floor(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(count: usize, width: f64, height: f64) -> usize {
        let tile = tile_size(count, Size { width, height }, 8.0);
        (1..=count)
            .rev()
            .find(|&n| tile.width * n as f64 + 8.0 * (n - 1) as f64 <= width)
            .unwrap()
    }

    #[test]
    fn uses_columns_in_wide_space_and_rows_in_high_space() {
        let cases = [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (9, 3), (12, 4)];
        for (count, expected) in cases {
            assert_eq!(
                columns(count, 1280.0, 720.0),
                expected,
                "{count} tiles on a desktop"
            );
        }
        for (count, expected) in [(1, 1), (2, 1), (3, 1), (4, 2), (6, 2)] {
            assert_eq!(
                columns(count, 360.0, 560.0),
                expected,
                "{count} tiles on a phone"
            );
        }
    }

    #[test]
    fn all_tiles_fit_within_the_aspect_ratio_limits() {
        for count in 1..=25 {
            for (width, height) in [(320.0, 400.0), (568.0, 200.0), (1920.0, 960.0)] {
                let tile = tile_size(count, Size { width, height }, 8.0);
                let columns = ((width + 8.0) / (tile.width + 8.0)).floor();
                let rows = (count as f64 / columns).ceil();
                assert!(
                    rows * (tile.height + 8.0) - 8.0 <= height,
                    "{count} in {width}×{height}"
                );
                let shape = tile.width / tile.height;
                assert!(
                    (0.95..1.85).contains(&shape),
                    "{shape} for {count} in {width}×{height}"
                );
            }
        }
    }

    #[test]
    fn accepts_no_space_and_no_tiles() {
        let nothing = Size {
            width: 0.0,
            height: 0.0,
        };
        assert_eq!(tile_size(3, nothing, 8.0), nothing);
        assert_eq!(
            tile_size(
                0,
                Size {
                    width: 100.0,
                    height: 100.0
                },
                8.0
            ),
            nothing
        );
    }
}
