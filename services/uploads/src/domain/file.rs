//! What a file must be (U4): a PDF, PNG or JPEG of at most 4 MiB, an MP3 or MP4 of at most 10 MiB, that opens for everyone
//! and does nothing by itself.

/// The most bytes that a document or picture may have: 4 MiB (U4).
pub const DOCUMENT_BYTES_MAX: u32 = 4 << 20;
/// The most bytes that a sound or film (影音檔) may have: 10 MiB (U4).
pub const MEDIA_BYTES_MAX: u32 = 10 << 20;
/// Bytes of every segment of a file but its last, which may be shorter: 1 MiB.
pub const SEGMENT_BYTES: u32 = 1 << 20;

/// What a file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// A PDF document.
    Pdf,
    /// A PNG image.
    Png,
    /// A JPEG image.
    Jpeg,
    /// MPEG audio of layer III.
    Mp3,
    /// An MP4 file: sound, film or both.
    Mp4,
}

/// Why a file is refused: a closed list, whose reasons stand in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// It has no bytes.
    Empty,
    /// It has more bytes than a file of its type may have.
    TooLarge,
    /// Its name ends in none of .pdf, .png, .jpg, .jpeg, .mp3, .mp4.
    EndingNotTaken,
    /// Its content is of another type than its name's ending says.
    NameSaysOtherwise,
    /// It is encrypted, or asks for a password.
    Encrypted,
    /// Its end is missing.
    Truncated,
    /// It carries another file.
    Embedded,
    /// It holds a script, or starts a program.
    Active,
    /// It is an image of more pixels than are decoded here.
    TooManyPixels,
    /// It can't be read as what it says that it is.
    Unreadable,
    /// Its bytes are not those that were announced when it was begun.
    DigestDiffers,
}

/// The number of segments that a file of so many bytes has.
pub const fn segments(size: u32) -> u32 {
    size.div_ceil(SEGMENT_BYTES)
}

impl MediaType {
    /// Its registered name (RFC 6838).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Mp3 => "audio/mpeg",
            Self::Mp4 => "video/mp4",
        }
    }

    /// The most bytes that a file of it may have.
    pub const fn bytes_max(self) -> u32 {
        match self {
            Self::Pdf | Self::Png | Self::Jpeg => DOCUMENT_BYTES_MAX,
            Self::Mp3 | Self::Mp4 => MEDIA_BYTES_MAX,
        }
    }

    /// Whether a file of it may have so many bytes.
    ///
    /// # Errors
    /// [`FileFault::Empty`], [`FileFault::TooLarge`].
    pub fn sized(self, size: u64) -> Result<u32, FileFault> {
        let size = u32::try_from(size).map_err(|_| FileFault::TooLarge)?;
        match size {
            0 => Err(FileFault::Empty),
            size if size > self.bytes_max() => Err(FileFault::TooLarge),
            size => Ok(size),
        }
    }

    /// What a name's ending says, in upper or lower case.
    ///
    /// # Errors
    /// [`FileFault::EndingNotTaken`].
    pub fn said_by(name: &str) -> Result<Self, FileFault> {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("pdf") => Ok(Self::Pdf),
            Some("png") => Ok(Self::Png),
            Some("jpg" | "jpeg") => Ok(Self::Jpeg),
            Some("mp3") => Ok(Self::Mp3),
            Some("mp4") => Ok(Self::Mp4),
            Some(_) | None => Err(FileFault::EndingNotTaken),
        }
    }
}

impl FileFault {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::Empty,
        Self::TooLarge,
        Self::EndingNotTaken,
        Self::NameSaysOtherwise,
        Self::Encrypted,
        Self::Truncated,
        Self::Embedded,
        Self::Active,
        Self::TooManyPixels,
        Self::Unreadable,
        Self::DigestDiffers,
    ];

    /// The one with that reason.
    pub fn known(reason: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.reason() == reason)
    }

    /// Its reason, as it stands in events and answers.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "EMPTY_FILE",
            Self::TooLarge => "FILE_TOO_LARGE",
            Self::EndingNotTaken => "FILE_ENDING_NOT_TAKEN",
            Self::NameSaysOtherwise => "NAME_SAYS_OTHERWISE",
            Self::Encrypted => "ENCRYPTED_FILE",
            Self::Truncated => "TRUNCATED_FILE",
            Self::Embedded => "EMBEDDED_FILE",
            Self::Active => "ACTIVE_CONTENT",
            Self::TooManyPixels => "TOO_MANY_PIXELS",
            Self::Unreadable => "UNREADABLE_FILE",
            Self::DigestDiffers => "DIGEST_DIFFERS",
        }
    }

    /// What is wrong and the way out, in English.
    pub const fn english(self) -> &'static str {
        match self {
            Self::Empty => "the file is empty",
            Self::TooLarge => {
                "the file is too large: .pdf, .png and .jpg have at most 4 MiB (4,194,304 bytes), .mp3 and .mp4 at \
                 most 10 MiB (10,485,760 bytes); make its pictures smaller, or the film shorter"
            }
            Self::EndingNotTaken => {
                "the file's name must end in .pdf, .png, .jpg, .jpeg, .mp3 or .mp4; export it as one of them"
            }
            Self::NameSaysOtherwise => {
                "the file's content is of another type than its name's ending says; give it its own ending"
            }
            Self::Encrypted => "the file is encrypted or asks for a password; save it without one",
            Self::Truncated => "the file's end is missing; save it again and upload that",
            Self::Embedded => "the file carries another file inside; save it without attachments",
            Self::Active => "the file holds a script or starts a program; print it to a new PDF",
            Self::TooManyPixels => "the image has more than 40 million pixels; make it smaller",
            Self::Unreadable => "the file can't be read; open it, save it again and upload that",
            Self::DigestDiffers => {
                "the bytes that came are not those that were announced; begin the work again with this file"
            }
        }
    }

    /// The same in Chinese as written in Taiwan.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Empty => "檔案是空的。",
            Self::TooLarge => {
                "檔案過大：.pdf、.png、.jpg 上限 4 MB，.mp3、.mp4 上限 10 MB，請縮小圖片或剪短影音後再上傳。"
            }
            Self::EndingNotTaken => "檔名須以 .pdf、.png、.jpg、.jpeg、.mp3 或 .mp4 結尾，請轉存後再上傳。",
            Self::NameSaysOtherwise => "檔案內容與副檔名不符，請使用正確的副檔名。",
            Self::Encrypted => "檔案已加密或需要密碼，請存成未加密的檔案。",
            Self::Truncated => "檔案不完整，請重新存檔後再上傳。",
            Self::Embedded => "檔案內含附加檔案，請移除附件後再上傳。",
            Self::Active => "檔案內含程式碼或會啟動程式，請重新列印成 PDF。",
            Self::TooManyPixels => "圖片超過四千萬像素，請縮小後再上傳。",
            Self::Unreadable => "無法讀取檔案，請開啟後重新存檔再上傳。",
            Self::DigestDiffers => "收到的內容與當初宣告的不同，請以此檔案重新開始上傳。",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u4_a_name_says_what_its_file_is() {
        for (name, said) in [
            ("a.pdf", Ok(MediaType::Pdf)),
            ("成果.PDF", Ok(MediaType::Pdf)),
            ("a.b.Png", Ok(MediaType::Png)),
            (".jpg", Ok(MediaType::Jpeg)),
            ("a.jpeg", Ok(MediaType::Jpeg)),
            ("演奏.MP3", Ok(MediaType::Mp3)),
            ("a.mp4", Ok(MediaType::Mp4)),
            ("a.m4a", Err(FileFault::EndingNotTaken)),
            ("a.mov", Err(FileFault::EndingNotTaken)),
            ("a.pdf.exe", Err(FileFault::EndingNotTaken)),
            ("pdf", Err(FileFault::EndingNotTaken)),
            ("a.", Err(FileFault::EndingNotTaken)),
        ] {
            assert_eq!(MediaType::said_by(name), said, "{name}");
        }
    }

    #[test]
    fn u4_a_document_has_1_byte_to_4_mib_and_a_film_10() {
        let documents = [MediaType::Pdf, MediaType::Png, MediaType::Jpeg].map(|it| (it, 4_194_304));
        let media = [MediaType::Mp3, MediaType::Mp4].map(|it| (it, 10_485_760));
        for (media, most) in documents.into_iter().chain(media) {
            assert_eq!(media.sized(0), Err(FileFault::Empty));
            assert_eq!(media.sized(1), Ok(1));
            assert_eq!(media.sized(u64::from(most)), Ok(most));
            for more in [u64::from(most) + 1, u64::from(u32::MAX) + 2, u64::MAX] {
                assert_eq!(media.sized(more), Err(FileFault::TooLarge));
            }
        }
        assert_eq!([1, SEGMENT_BYTES, SEGMENT_BYTES + 1, MEDIA_BYTES_MAX].map(segments), [1, 1, 2, 10]);
    }

    #[test]
    fn every_reason_stands_for_one_fault() {
        for fault in FileFault::ALL {
            assert_eq!(FileFault::known(fault.reason()), Some(fault));
        }
        assert_eq!(FileFault::known("OTHER"), None);
    }
}
