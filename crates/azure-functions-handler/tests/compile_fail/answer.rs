use azure_functions_handler::{Functions, QueueMessage};

struct Parcel {
    #[expect(dead_code, reason = "the type is what counts")]
    number: u32,
}

async fn take(message: QueueMessage<String>) -> Parcel {
    Parcel { number: message.payload.len() as u32 }
}

fn main() {
    let _ = Functions::<()>::new().queue("Take", "jobs", take);
}
