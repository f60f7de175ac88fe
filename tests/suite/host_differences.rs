//! What the host itself changes on the way, one expected value a mode (`docs/reference/api.md#what-the-host-changes`).
//! Where the worker sees other bytes, it cannot give the same answer; everything else is alike (`mode_parity.rs`).

use serde_json::json;

use crate::support::{Mode, TestApp, an_order};

/// A request that the host changes before the worker gets it.
struct Difference {
    what: &'static str,
    /// Status in proxy, forward and envelope mode.
    expected: [u16; 3],
}

const CHUNKED: Difference = Difference { what: "a chunked upload", expected: [201, 500, 400] };
const MARKED: Difference =
    Difference { what: "a byte order mark before the body", expected: [400, 400, 201] };
const NOT_UTF8: Difference = Difference { what: "bytes that are not UTF-8", expected: [400, 400, 201] };
const TWICE: Difference = Difference { what: "If-Match on two lines", expected: [400, 400, 400] };
const REPEATED: Difference = Difference { what: "a repeated parameter", expected: [400, 400, 400] };
const SLASH: Difference = Difference { what: "an encoded slash in an id", expected: [404, 404, 404] };
const ENCODED: Difference =
    Difference { what: "an encoded letter in a static segment", expected: [200, 200, 200] };
const EMPTY: Difference = Difference { what: "no body, but a content type", expected: [400, 415, 400] };

#[tokio::test]
async fn host_differences_are_documented_for_each_mode() {
    for (index, mode) in Mode::ALL.into_iter().enumerate() {
        let app = TestApp::start(mode).await;
        let (admin, buyer) = (app.user("admin"), app.user("buyer"));
        admin.stock("BEANS", 1290).await;
        let text = an_order("BEANS").to_string();
        let json_type = Some("application/json");
        let check = |difference: &Difference, status: u16| {
            assert_eq!(status, difference.expected[index], "{mode:?}: {}", difference.what);
        };

        let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(text.clone())]);
        let chunked = reqwest::Body::wrap_stream(chunks);
        check(&CHUNKED, buyer.raw("POST", "/api/orders", json_type, chunked).await.status);
        check(&MARKED, buyer.raw("POST", "/api/orders", json_type, format!("\u{feff}{text}")).await.status);
        let broken = [text.replace("twice", "tw").into_bytes(), Vec::new()].concat();
        let broken = broken.iter().flat_map(|&byte| if byte == b'w' { vec![b'w', 0xff] } else { vec![byte] });
        check(
            &NOT_UTF8,
            buyer.raw("POST", "/api/orders", json_type, broken.collect::<Vec<u8>>()).await.status,
        );
        let product = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1});
        let twice = admin.with("if-match", "\"1\"").with("if-match", "\"2\"");
        check(&TWICE, twice.put("/api/products/BEANS", &product).await.status);
        check(&REPEATED, buyer.get("/api/orders?limit=1&limit=1").await.status);
        check(&SLASH, buyer.get("/api/orders/01890a5d%2Fac96").await.status);
        check(&ENCODED, buyer.get("/api/%6Frders").await.status);
        check(&EMPTY, buyer.raw("POST", "/api/orders", json_type, "").await.status);
    }
}
