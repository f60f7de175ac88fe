use azure_functions_handler::{Functions, Json, Path, post};

async fn store(Json(count): Json<u32>, Path(name): Path<String>) -> String {
    format!("{name} {count}")
}

fn main() {
    let _ = Functions::<()>::new().http("Store", post("store/{name}"), store);
}
