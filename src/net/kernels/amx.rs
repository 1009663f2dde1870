//! The products of a step in bf16 on AMX tiles.
//!
//! All three products of a step are one block product `C (+)= A B` of 32 x 32 floats: two by two tiles of sums, A in rows of
//! bf16, B in pairs of rows. Operands are packed in whole tiles, zero past their edges, and sums go to scratch first, so
//! that one tile configuration serves every shape:
//!
//! | product | A | B | C |
//! |---|---|---|---|
//! | update | post signal | panels | 32 x 32 sums of up to 64 samples, then `fma(scale, sum, w)` |
//! | forward | 32 rows of W, rounded | input in pairs of units | 32 rows of out, then the bias is added |
//! | backward | signal, a row per sample | m in pairs of rows, rounded | out, turned |
//!
//! Weights pass through vector registers anyway (decay, rounding for the forward product, the look for what is not
//! finite), so starting each update from zero instead of from W costs a store and a load in the first-level cache, and small
//! updates are not lost by rounding W at every pair of samples.
//!
//! # Rounding
//! Intel defines `tdpbf16ps` as: two chains of fused multiply-adds from zero over the even and over the odd ones of 32
//! terms, their sum, and that added to C; each rounded to nearest even, subnormal numbers as zero. So an element is a chain
//! over blocks of 32 terms; its bits depend on neither shapes nor threads, but differ from those of `bf16_avx512.rs`.
//! (Intel's guide to intrinsics writes one chain instead; the tests' emulator follows the manual of the instruction set.)
//!
//! # Safety
//! `avx512f`, `avx512bw`, `avx512bf16` and AMX-TILE with AMX-BF16 must exist, and the system must have granted the tiles to
//! this process: [`detect`]. Pointers as `bf16.rs` makes them: see [`Pass`]. Tile registers live inside one `asm!` block
//! each; the configuration belongs to the thread, is loaded at the start of each pass and released at its end.

use std::arch::asm;
use std::arch::x86_64::*;
use std::sync::OnceLock;

use super::bf16_words::{LANES, Pass, interleave, neighbours, part, room};
use super::products::{BLOCK, CHUNK};
use super::simd::Avx512;
use crate::net::Matrix;

/// Rows of a tile; also its floats and its words a row.
const TILE: usize = 16;
/// Pairs of terms that a tile holds.
pub const PAIRS: usize = TILE;
/// Rows and columns of a block product.
pub const SIDE: usize = 2 * TILE;
/// Columns of W in a block: its 32 rows in bf16 take a third of the first-level cache.
const COLUMNS: usize = 256;

/// Whether this processor has AMX in bf16 and this process may use it.
///
/// # Errors
/// Names what is missing.
pub fn detect() -> Result<(), String> {
    #[cfg(all(test, target_os = "linux"))]
    if super::amx_emulator::on_this_thread() {
        return Ok(());
    }
    static THERE: OnceLock<Result<(), String>> = OnceLock::new();
    THERE.get_or_init(ask).clone()
}

fn ask() -> Result<(), String> {
    const TILES_IN_XCR0: u64 = 1 << 17 | 1 << 18;
    // leaf 1: the system saves extended registers; leaf 7: AMX-BF16 and AMX-TILE
    let (saves, features) = (__cpuid(1).ecx >> 27 & 1 == 1, __cpuid_count(7, 0).edx);
    for (feature, bit) in [("amx_bf16", 22), ("amx_tile", 24)] {
        if __cpuid(0).eax < 7 || features >> bit & 1 == 0 {
            return Err(super::no_amx(&format!("this processor has no {feature}")));
        }
    }
    // SAFETY: read only where the system has enabled it
    if !saves || unsafe { enabled_state() } & TILES_IN_XCR0 != TILES_IN_XCR0 || !permitted() {
        return Err(super::no_amx("the system does not let this process use AMX tiles"));
    }
    Ok(())
}

#[target_feature(enable = "xsave")]
unsafe fn enabled_state() -> u64 {
    unsafe { _xgetbv(0) }
}

/// Linux grants tiles to a process that asks, for all of its threads.
#[cfg(target_os = "linux")]
fn permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: i32 = 0x1023;
    const XTILEDATA: i32 = 18;
    // SAFETY: changes nothing but that permission
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XTILEDATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
}

/// Buffers of this path alone.
#[derive(Clone)]
pub struct Scratch {
    /// A signal with a row per sample: `batch x units/2` words.
    turned: Matrix,
    /// Sums of a block of rows: `32 x batch` floats, or `batch x 64`.
    sums: Matrix,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch { turned: Matrix::zeros(1, 0), sums: Matrix::zeros(1, 0) }
    }
}

impl Scratch {
    /// For signals of `pairs x width` words.
    pub fn make_room(&mut self, pairs: usize, width: usize) {
        room(&mut self.turned, pairs * width);
        room(&mut self.sums, width * CHUNK);
    }

    #[cfg(test)]
    pub fn buffers(&self) -> [&Matrix; 2] {
        [&self.turned, &self.sums]
    }
}

#[repr(C, align(64))]
struct Config {
    palette: u8,
    start: u8,
    reserved: [u8; 14],
    bytes_a_row: [u16; 16],
    rows: [u8; 16],
}

/// Eight whole tiles.
static WHOLE: Config = {
    let mut config = Config { palette: 1, start: 0, reserved: [0; 14], bytes_a_row: [0; 16], rows: [0; 16] };
    let mut t = 0;
    while t < 8 {
        config.bytes_a_row[t] = 4 * TILE as u16;
        config.rows[t] = TILE as u8;
        t += 1;
    }
    config
};

/// The tile configuration of this thread, for as long as it lives.
struct Tiles(());

impl Tiles {
    #[inline(always)]
    unsafe fn configure() -> Tiles {
        unsafe { asm!("ldtilecfg [{}]", in(reg) &WHOLE, options(nostack, readonly, preserves_flags)) };
        Tiles(())
    }
}

impl Drop for Tiles {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: configured by this thread
        unsafe { asm!("tilerelease", options(nostack, nomem, preserves_flags)) };
    }
}

/// Where the sums of a block product start.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Zero,
    Sums,
}

/// A block of 32-bit words: its first word and the words from one row to the next.
type View<T> = (T, usize);

/// `C (+)= A B` on 32 x 32 floats over `steps` times 16 pairs of terms. A: 32 rows of `16 steps` words. B: `16 steps` rows of 32 words.
#[inline(always)]
unsafe fn block_product(from: From, c: View<*mut f32>, a: View<*const u32>, b: View<*const u32>, steps: usize) {
    /// Tiles 0-3 hold C, 4 and 5 A, 6 and 7 B.
    macro_rules! tiles {
        ($($first:literal),*) => {
            asm!(
                $($first,)*
                "2:",
                "tileloadd tmm4, [{a} + {a_row}]",
                "tileloadd tmm6, [{b} + {b_row}]",
                "tileloadd tmm7, [{b} + {b_row} + 64]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{a2} + {a_row}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {a}, 64",
                "add {a2}, 64",
                "add {b}, {b_tile}",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{c} + {c_row}], tmm0",
                "tilestored [{c} + {c_row} + 64], tmm1",
                "tilestored [{c2} + {c_row}], tmm2",
                "tilestored [{c2} + {c_row} + 64], tmm3",
                c = in(reg) c.0,
                c2 = in(reg) c.0.wrapping_add(TILE * c.1),
                c_row = in(reg) 4 * c.1,
                a = inout(reg) a.0 => _,
                a2 = inout(reg) a.0.wrapping_add(TILE * a.1) => _,
                a_row = in(reg) 4 * a.1,
                b = inout(reg) b.0 => _,
                b_row = in(reg) 4 * b.1,
                b_tile = in(reg) 4 * TILE * b.1,
                steps = inout(reg) steps => _,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            )
        };
    }
    unsafe {
        match from {
            From::Zero => tiles!("tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3"),
            From::Sums => tiles!(
                "tileloadd tmm0, [{c} + {c_row}]",
                "tileloadd tmm1, [{c} + {c_row} + 64]",
                "tileloadd tmm2, [{c2} + {c_row}]",
                "tileloadd tmm3, [{c2} + {c_row} + 64]"
            ),
        }
    }
}

/// Scratch whose rows start on cache lines.
#[repr(C, align(64))]
struct Aligned<T>(T);

/// One pass over W: the waiting update, then the product, block by block. False if a weight is not finite afterwards.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn pass<const UPDATE: bool, const FORWARD: bool>(a: &Pass, scratch: &mut Scratch) -> bool {
    unsafe {
        let _tiles = Tiles::configure();
        let mut largest = _mm512_setzero_si512();
        let mut rounded = Aligned([[0u32; COLUMNS / 2]; SIDE]);
        let sums = scratch.sums.padded_mut().as_mut_ptr();
        for r0 in (0..a.n_out).step_by(SIDE) {
            let rows = SIDE.min(a.n_out - r0);
            for k0 in (0..a.n_in).step_by(COLUMNS) {
                let columns = COLUMNS.min(a.n_in - k0);
                if UPDATE {
                    update_block(a, (r0, rows), (k0, columns), &mut largest);
                }
                if FORWARD {
                    for (r, words) in rounded.0.iter_mut().enumerate().take(rows) {
                        round_row(a.w.add((r0 + r) * a.w_stride + k0), columns, words.as_mut_ptr());
                    }
                    let from = if k0 == 0 { From::Zero } else { From::Sums };
                    for n in (0..a.input_stride).step_by(SIDE) {
                        block_product(
                            from,
                            (sums.add(n), a.input_stride),
                            (rounded.0.as_ptr().cast(), COLUMNS / 2),
                            (a.input.add(k0 / 2 * a.input_stride + n), a.input_stride),
                            columns.div_ceil(2 * PAIRS),
                        );
                    }
                }
            }
            if FORWARD {
                add_bias(a, (r0, rows), sums);
            }
        }
        // an exponent of ones, doubled: infinite or not a number
        _mm512_reduce_max_epu32(largest) < 0xff00_0000
    }
}

/// The waiting update of `rows` rows from `r0` on columns `k0 .. k0 + columns`; `largest` keeps the largest weights without
/// their signs, as bits.
#[inline(always)]
unsafe fn update_block(a: &Pass, (r0, rows): (usize, usize), (k0, columns): (usize, usize), largest: &mut __m512i) {
    unsafe {
        let mut sums = Aligned([[0f32; SIDE]; SIDE]);
        let scale = _mm512_set1_ps(a.scale);
        for k in (k0..k0 + columns).step_by(SIDE) {
            let columns = SIDE.min(k0 + columns - k);
            if !a.decay.is_null() {
                super::local::decay_block::<Avx512>(a.w.add(k), a.w_stride, a.decay, (r0, r0 + rows), columns);
            }
            let panel = a.panels.add(k / CHUNK * a.pairs * CHUNK + k % CHUNK);
            for n in (0..a.pairs).step_by(BLOCK / 2) {
                block_product(
                    From::Zero,
                    (sums.0.as_mut_ptr().cast(), SIDE),
                    (a.post.add(r0 * a.post_stride + n), a.post_stride),
                    (panel.add(n * CHUNK), CHUNK),
                    (BLOCK / 2).min(a.pairs - n) / PAIRS,
                );
                for (r, sums) in sums.0.iter().enumerate().take(rows) {
                    for c in (0..columns).step_by(LANES) {
                        let at = a.w.add((r0 + r) * a.w_stride + k + c);
                        let new = _mm512_fmadd_ps(scale, _mm512_load_ps(sums.as_ptr().add(c)), _mm512_loadu_ps(at));
                        _mm512_storeu_ps(at, new);
                        *largest = _mm512_max_epu32(*largest, _mm512_slli_epi32::<1>(_mm512_castps_si512(new)));
                    }
                }
            }
        }
    }
}

/// `count` weights of a row as bf16, in whole tiles, zero past the last.
#[inline(always)]
unsafe fn round_row(w: *const f32, count: usize, words: *mut u32) {
    unsafe {
        for c in (0..count).step_by(2 * LANES) {
            let both = neighbours(part(w, c, count), part(w, c + LANES, count));
            _mm512_storeu_si512(words.add(c / 2).cast(), both);
        }
    }
}

/// `out = sums + bias` on `rows` rows from `r0`.
#[inline(always)]
unsafe fn add_bias(a: &Pass, (r0, rows): (usize, usize), sums: *const f32) {
    unsafe {
        for r in 0..rows {
            let bias = _mm512_set1_ps(*a.bias.add(r0 + r));
            for n in (0..a.stride).step_by(LANES) {
                let sum = _mm512_load_ps(sums.add(r * a.input_stride + n));
                _mm512_storeu_ps(a.out.add((r0 + r) * a.stride + n), _mm512_add_ps(sum, bias));
            }
        }
    }
}

/// `out[j, :] = sum_k m[k, j] signal[k, :]`, the signal in `pairs x width` words. Made a row per sample: m then needs no
/// turning, only the signal and the output do, which are smaller.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn backward(
    m: &Matrix,
    (signal, pairs, width): (*const u32, usize, usize),
    (out, stride): View<*mut f32>,
    scratch: &mut Scratch,
) {
    unsafe {
        let _tiles = Tiles::configure();
        let (p, m_stride, n_k, n_j) = (m.padded().as_ptr(), m.stride(), m.rows(), m.cols());
        let turned: *mut u32 = scratch.turned.padded_mut().as_mut_ptr().cast();
        for k in (0..pairs).step_by(TILE) {
            for n in (0..width).step_by(TILE) {
                turn((signal.add(k * width + n), width), (turned.add(n * pairs + k), pairs), TILE);
            }
        }
        let sums = scratch.sums.padded_mut().as_mut_ptr();
        let mut rounded = Aligned([[0u32; CHUNK]; COLUMNS / 2]);
        for j0 in (0..n_j).step_by(CHUNK) {
            let columns = CHUNK.min(n_j - j0);
            for k0 in (0..n_k).step_by(COLUMNS) {
                let steps = COLUMNS.min(n_k - k0).div_ceil(2 * PAIRS);
                for (pair, words) in rounded.0.iter_mut().enumerate().take(steps * PAIRS) {
                    for c in (0..columns).step_by(LANES) {
                        let row = |k: usize| {
                            if k < n_k { _mm512_loadu_ps(p.add(k * m_stride + j0 + c)) } else { _mm512_setzero_ps() }
                        };
                        let both = interleave(row(k0 + 2 * pair), row(k0 + 2 * pair + 1));
                        _mm512_storeu_si512(words.as_mut_ptr().add(c).cast(), both);
                    }
                }
                let from = if k0 == 0 { From::Zero } else { From::Sums };
                for n in (0..width).step_by(SIDE) {
                    for c in (0..columns).step_by(SIDE) {
                        block_product(
                            from,
                            (sums.add(n * CHUNK + c), CHUNK),
                            (turned.add(n * pairs + k0 / 2), pairs),
                            (rounded.0.as_ptr().cast::<u32>().add(c), CHUNK),
                            steps,
                        );
                    }
                }
            }
            for c in (0..columns).step_by(TILE) {
                for n in (0..stride).step_by(TILE) {
                    let to = out.add((j0 + c) * stride + n);
                    turn((sums.add(n * CHUNK + c).cast(), CHUNK), (to.cast(), stride), TILE.min(columns - c));
                }
            }
        }
    }
}

/// For each stage, which lanes of two rows `(i, i + s)` the new rows take; 16 and up: of the second.
static STAGES: [[[i32; 16]; 2]; 4] = {
    let mut stages = [[[0; 16]; 2]; 4];
    let mut at = 0;
    while at < 64 {
        let (stage, lane) = (at / 16, at % 16);
        let (s, l) = (1 << stage, lane as i32);
        stages[stage][0][lane] = if l & s == 0 { l } else { 16 + l - s };
        stages[stage][1][lane] = if l & s == 0 { l + s } else { 16 + l };
        at += 1;
    }
    stages
};

/// The first `rows` rows of the transpose of 16 x 16 words: each stage swaps one bit of the row's number with that of the
/// column's.
#[inline(always)]
unsafe fn turn(from: View<*const u32>, to: View<*mut u32>, rows: usize) {
    unsafe {
        let mut v: [__m512i; TILE] = std::array::from_fn(|r| _mm512_loadu_si512(from.0.add(r * from.1).cast()));
        for (stage, lanes) in STAGES.iter().enumerate() {
            let [low, high] = lanes.map(|l| _mm512_loadu_si512(l.as_ptr().cast()));
            for i in (0..TILE).filter(|i| i >> stage & 1 == 0) {
                let (a, b) = (v[i], v[i + (1 << stage)]);
                v[i] = _mm512_permutex2var_epi32(a, low, b);
                v[i + (1 << stage)] = _mm512_permutex2var_epi32(a, high, b);
            }
        }
        for (r, v) in v.iter().enumerate().take(rows) {
            _mm512_storeu_si512(to.0.add(r * to.1).cast(), *v);
        }
    }
}

/// What a core can do at most: `rounds` times four products of tiles on registers. Operations done.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn multiply_adds(rounds: usize) -> f64 {
    unsafe {
        let _tiles = Tiles::configure();
        asm!(
            "2:",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "dec {rounds}",
            "jnz 2b",
            rounds = inout(reg) rounds => _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack, nomem),
        );
    }
    (rounds * 4 * 2 * TILE * TILE * 2 * PAIRS) as f64
}
