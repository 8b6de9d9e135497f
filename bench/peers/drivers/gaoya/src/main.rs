//! Near-duplicates by gaoya.
//!
//! usage: gaoya-near PEER DOCS.jsonl THRESHOLD PAIRS
//!
//! Usage as in its README: a hasher, an index with the bands that gaoya chooses for
//! the threshold, insert, and a query for each document, which judges the
//! candidates by their estimate. One thread.

use gaoya::minhash::{calculate_minhash_params, MinHashIndex, MinHasher, MinHasher32};
use std::fs::{read_to_string, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::time::Instant;

const PERMUTATIONS: usize = 128;
const WIDTH: usize = 5;

/// Five words at a time; a shorter text is one shingle.
fn shingles(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() {
        return Vec::new();
    }
    words.windows(WIDTH.min(words.len())).map(|w| w.join(" ")).collect()
}

fn cpu() -> f64 {
    unsafe {
        let mut r: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut r);
        (r.ru_utime.tv_sec + r.ru_stime.tv_sec) as f64 + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) as f64 / 1e6
    }
}

fn resident() -> i64 {
    unsafe { libc::malloc_trim(0) };
    let statm = read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<i64>().unwrap() * unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let threshold: f64 = args[3].parse().unwrap();
    let texts: Vec<String> = BufReader::new(File::open(&args[2]).unwrap())
        .lines()
        .map(|line| {
            let v: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            v["text"].as_str().unwrap().to_owned()
        })
        .collect();

    let (held, began, wall) = (resident(), cpu(), Instant::now());
    let (b, r) = calculate_minhash_params(threshold, PERMUTATIONS);
    let hasher = MinHasher32::new(b * r);
    let mut index = MinHashIndex::new(b, r, threshold);
    for (i, text) in texts.iter().enumerate() {
        index.insert(i as u32, hasher.create_signature(shingles(text).iter()));
    }
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for i in 0..texts.len() as u32 {
        let signature = &index.get_id_signature_map()[&i];
        pairs.extend(index.query(signature).into_iter().filter(|j| i < **j).map(|j| (i, *j)));
    }
    let (spent, wall) = (cpu() - began, wall.elapsed().as_secs_f64());
    let held = resident() - held;

    pairs.sort();
    let mut out = BufWriter::new(File::create(&args[4]).unwrap());
    for (a, b) in &pairs {
        writeln!(out, "{a}\t{b}").unwrap();
    }
    println!(
        "{}",
        serde_json::json!({
            "documents": texts.len(), "bytes": texts.iter().map(|t| t.len()).sum::<usize>(), "loop_cpu": spent,
            "loop_wall": wall, "index_bytes": held, "banding": format!("{b}x{r}"), "pairs": pairs.len(),
        })
    );
}
