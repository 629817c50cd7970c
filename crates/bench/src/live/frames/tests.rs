use super::*;

/// Frames as a test compares them: their kind, their length and what their head begins with.
type Found = Vec<(FrameKind, u64, Vec<u8>)>;

/// A text frame, with the shortest header that there is for its length.
fn text(payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let header = match length {
        0..=125 => vec![0x81, u8::try_from(length).unwrap()],
        126..=65_535 => [&[0x81, 126], &u16::try_from(length).unwrap().to_be_bytes()[..]].concat(),
        _ => [&[0x81, 127], &(length as u64).to_be_bytes()[..]].concat(),
    };
    [&header, payload].concat()
}

/// What is found in parts that come one after the other.
fn find<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Result<Found, InvalidFrame> {
    let mut frames = Frames::new();
    let mut found = Vec::new();
    for mut part in parts {
        while let Some(frame) = frames.next(&mut part)? {
            found.push((frame.kind, frame.length, frame.head.to_vec()));
        }
        assert!(part.is_empty(), "all that came is used");
    }
    Ok(found)
}

/// Frames of each length of header and each kind, and what is to be found in them.
fn all_kinds() -> (Vec<u8>, Found) {
    let (short, middle, long) = (vec![b's'; 125], vec![b'm'; 126], vec![b'l'; 70_000]);
    let bytes = [
        text(&short),
        vec![0x89, 0],
        text(&middle),
        vec![0x8a, 2, b'o', b'k'],
        text(&long),
        text(b""),
        vec![0x88, 3, 0x03, 0xe8, b'.'],
    ];
    let found = vec![
        (FrameKind::Text, 125, short),
        (FrameKind::Ping, 0, vec![]),
        (FrameKind::Text, 126, vec![b'm'; 125]),
        (FrameKind::Pong, 2, b"ok".to_vec()),
        (FrameKind::Text, 70_000, vec![b'l'; 125]),
        (FrameKind::Text, 0, vec![]),
        (FrameKind::Close, 3, vec![0x03, 0xe8, b'.']),
    ];
    (bytes.concat(), found)
}

#[test]
fn frames_of_every_length_are_found_in_one_piece() {
    let (bytes, found) = all_kinds();
    assert_eq!(find([&bytes[..]]), Ok(found));
}

#[test]
fn it_does_not_matter_where_the_bytes_are_cut() {
    let (bytes, found) = all_kinds();
    for size in [1, 2, 3, 7, 100, 127, 128, 4_096, 65_536] {
        assert_eq!(find(bytes.chunks(size)).as_ref(), Ok(&found), "in pieces of {size}");
    }
}

#[test]
fn a_frame_is_found_only_when_its_last_byte_has_come() {
    let frame = text(b"whole");
    for cut in 0..frame.len() {
        assert_eq!(find([&frame[..cut]]), Ok(vec![]), "cut at {cut}");
        let whole = (FrameKind::Text, 5, b"whole".to_vec());
        assert_eq!(find([&frame[..cut], &frame[cut..]]), Ok(vec![whole]), "cut at {cut}");
    }
}

#[test]
fn a_head_is_that_of_its_own_frame() {
    let bytes = [text(b"a longer one"), text(b"short")].concat();
    let heads = find(bytes.chunks(3)).unwrap().into_iter().map(|(_, _, head)| head).collect::<Vec<_>>();
    assert_eq!(heads, [b"a longer one".to_vec(), b"short".to_vec()]);
}

#[test]
fn what_no_server_sends_is_refused() {
    assert_eq!(find([&[0x01, 1, b'f'][..]]), Err(InvalidFrame::Kind(0x01)), "the first part of a text");
    assert_eq!(find([&[0x82, 0][..]]), Err(InvalidFrame::Kind(0x82)), "a binary message");
    assert_eq!(find([&[0x81, 0x81, 0, 0, 0, 0, b'm'][..]]), Err(InvalidFrame::Masked));
    assert_eq!(find([&[0x89, 126, 0, 126][..]]), Err(InvalidFrame::Control));
}
