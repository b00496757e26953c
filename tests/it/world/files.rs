//! Small files that are really PDF and PNG.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use prost::bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// A file to hand in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// Its name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

impl Sheet {
    /// SHA-256 of its bytes, hex.
    pub(crate) fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }

    /// What is announced of it.
    pub(crate) fn announced(&self) -> proto::uploads::v1::File {
        let size = u64::try_from(self.bytes.len()).unwrap();
        proto::uploads::v1::File { name: self.name.clone(), size, sha256: self.sha256() }
    }
}

/// A page that says something, with a picture of noise of at least so many bytes.
pub(crate) fn pdf(text: &str, bytes: usize) -> Sheet {
    let content = format!("BT /F1 12 Tf 56 786 Td ({text}) Tj ET");
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R \
          /Resources << /Font << /F1 4 0 R >> /XObject << /P 6 0 R >> >> >>"
            .to_vec(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        stream("", content.as_bytes()),
    ];
    let side = 8.max(bytes.isqrt() + 1);
    let noise: Vec<u8> = std::iter::repeat_with(rand::random).take(side * side).collect();
    let kind = format!(
        "/Type /XObject /Subtype /Image /Width {side} /Height {side} /ColorSpace /DeviceGray /BitsPerComponent 8 "
    );
    objects.push(stream(&kind, &noise));
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let (start, size) = (file.len(), objects.len() + 1);
    let end = format!("{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.extend(end.bytes());
    Sheet { name: format!("{text}.pdf"), bytes: file.into() }
}

/// A small picture.
pub(crate) fn png(name: &str) -> Sheet {
    let shade: [u8; 3] = rand::random();
    let picture = RgbImage::from_fn(24, 24, |x, y| {
        let at = u8::try_from(x + y).unwrap();
        image::Rgb(shade.map(|shade| shade.wrapping_add(at)))
    });
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    Sheet { name: format!("{name}.png"), bytes: file.into_inner().into() }
}

fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut object = format!("<< {entries}/Length {} >>\nstream\n", content.len()).into_bytes();
    object.extend(content);
    object.extend(b"\nendstream");
    object
}
