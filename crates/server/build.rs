//! Builds the server anew when the files that it embeds have changed.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A build with debug assertions reads `dist` while it runs.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../dist");
    }
}
