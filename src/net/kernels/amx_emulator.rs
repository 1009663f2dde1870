//! AMX for tests on processors without it: the illegal-instruction signal is caught, the instruction decoded and done as
//! Intel's manual defines it, and the program goes on behind it. So the tests run the very machine code of `amx.rs`.
//!
//! Known: LDTILECFG, TILERELEASE, TILEZERO, TILELOADD, TILELOADDT1, TILESTORED and TDPBF16PS. Registers belong to the thread, as
//! on hardware. Only threads that asked ([`with_amx`]) are helped; for others, and on anything else, the program ends by the
//! signal as it would have.
//!
//! # Safety
//! Addresses come from the program's own instructions: what would fault on hardware faults here. The handler neither
//! allocates nor locks.

use std::cell::{Cell, UnsafeCell};
use std::sync::Once;

/// State of a thread's tiles.
struct Tiles {
    configured: bool,
    bytes_a_row: [usize; 8],
    rows: [usize; 8],
    data: [[[u8; 64]; 16]; 8],
}

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
    static DONE: Cell<usize> = const { Cell::new(0) };
    static TILES: UnsafeCell<Tiles> = const {
        UnsafeCell::new(Tiles { configured: false, bytes_a_row: [0; 8], rows: [0; 8], data: [[[0; 64]; 16]; 8] })
    };
}

pub fn on_this_thread() -> bool {
    HERE.get()
}

/// Runs `f` with AMX on this thread, emulated where the processor has none (it must have AVX-512-BF16).
pub fn with_amx<T>(f: impl FnOnce() -> T) -> T {
    if super::amx::detect().is_ok() {
        return f();
    }
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: a handler with three arguments, as SA_SIGINFO asks
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = illegal as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            assert_eq!(libc::sigaction(libc::SIGILL, &action, std::ptr::null_mut()), 0);
        }
    });
    HERE.set(true);
    let before = DONE.get();
    let result = f();
    HERE.set(false);
    assert!(DONE.get() > before, "nothing was emulated");
    // SAFETY: nothing else holds a reference while this thread is here
    assert!(TILES.with(|t| unsafe { !(*t.get()).configured }), "tiles were left configured");
    result
}

extern "C" fn illegal(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel's own frame of this thread
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let at = registers[libc::REG_RIP as usize] as *const u8;
        let done = on_this_thread().then(|| TILES.with(|t| (*t.get()).execute(at, registers))).flatten();
        match done {
            Some(length) => {
                registers[libc::REG_RIP as usize] += length;
                DONE.set(DONE.get() + 1);
            }
            // comes again at once, and ends the program
            None => {
                libc::signal(libc::SIGILL, libc::SIG_DFL);
            }
        }
    }
}

/// Number of a register in an instruction -> its place in the frame.
const ORDER: [libc::c_int; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// A memory operand.
struct Memory {
    start: i64,
    /// The scaled index register: from one row of a tile to the next.
    stride: i64,
    /// Bytes of ModRM, SIB and displacement.
    length: i64,
}

/// ModRM forms with memory, but for those relative to the instruction (the kernels have none).
unsafe fn memory(modrm: *const u8, (index_high, base_high): (u8, u8), registers: &[i64; 23]) -> Option<Memory> {
    let byte = |i: usize| unsafe { *modrm.add(i) };
    let register = |n: u8| registers[ORDER[n as usize] as usize];
    let (mode, low) = (byte(0) >> 6, byte(0) & 7);
    let (mut start, mut stride, mut length) = (0, 0, 1);
    let base = if low == 4 {
        let sib = byte(1);
        length = 2;
        let index = sib >> 3 & 7 | index_high << 3;
        stride = if index == 4 { 0 } else { register(index) << (sib >> 6) };
        sib & 7
    } else {
        low
    };
    if mode == 0 && base == 5 {
        return None;
    }
    start += register(base | base_high << 3);
    match mode {
        0 => {}
        1 => {
            start += i64::from(byte(length) as i8);
            length += 1;
        }
        2 => {
            start += i64::from(i32::from_le_bytes(std::array::from_fn(|i| byte(length + i))));
            length += 4;
        }
        _ => return None,
    }
    Some(Memory { start, stride, length: length as i64 })
}

impl Tiles {
    /// Does the instruction at `at`: its length, or nothing if it is not one of AMX or not allowed.
    unsafe fn execute(&mut self, at: *const u8, registers: &[i64; 23]) -> Option<i64> {
        let byte = |i: usize| unsafe { *at.add(i) };
        // three-byte VEX, map 0F38, 128 bits, W0
        if byte(0) != 0xc4 || byte(1) & 0x1f != 2 || byte(2) & 0x84 != 0 {
            return None;
        }
        let high = |bit: u8| !byte(1) >> bit & 1;
        let (prefix, opcode, modrm) = (byte(2) & 3, byte(3), byte(4));
        let (third, in_memory) = ((!byte(2) >> 3 & 15) as usize, modrm >> 6 != 3);
        let (reg, rm) = ((modrm >> 3 & 7 | high(7) << 3) as usize, (modrm & 7 | high(5) << 3) as usize);
        let address = || unsafe { memory(at.add(4), (high(6), high(5)), registers) };
        const NONE: u8 = 0;
        const P66: u8 = 1;
        const F3: u8 = 2;
        const F2: u8 = 3;
        match (opcode, prefix, in_memory) {
            (0x49, NONE, true) if reg == 0 && third == 0 => {
                let m = address()?;
                unsafe { self.configure(m.start as *const u8)? };
                return Some(4 + m.length);
            }
            (0x49, NONE, false) if modrm == 0xc0 => *self = Tiles { configured: false, ..self.cleared() },
            (0x49, F2, false) if modrm & 7 == 0 => {
                self.valid(reg)?;
                self.data[reg] = [[0; 64]; 16];
            }
            (0x4b, F2 | P66 | F3, true) if modrm & 7 == 4 => {
                let (rows, bytes) = self.valid(reg)?;
                let m = address()?;
                if prefix != F3 {
                    self.data[reg] = [[0; 64]; 16];
                }
                for r in 0..rows {
                    let (p, row) = ((m.start + m.stride * r as i64) as *mut u8, &mut self.data[reg][r]);
                    // SAFETY: the program's own addresses
                    unsafe {
                        if prefix == F3 {
                            p.copy_from_nonoverlapping(row.as_ptr(), bytes);
                        } else {
                            row.as_mut_ptr().copy_from_nonoverlapping(p, bytes);
                        }
                    }
                }
                return Some(4 + m.length);
            }
            (0x5c, F3, false) => {
                let ((m, n), (m2, k), (k2, n2)) = (self.valid(reg)?, self.valid(rm)?, self.valid(third)?);
                // shapes that fit, three registers
                if m != m2 || n != n2 || k / 4 != k2 || reg == rm || reg == third || rm == third {
                    return None;
                }
                // SAFETY: processors with AVX-512-BF16 have it, and the tests ask for that
                unsafe { self.dot_product(reg, rm, third) };
            }
            _ => return None,
        }
        Some(5)
    }

    /// Rows and bytes a row of a tile that may be used.
    fn valid(&self, tile: usize) -> Option<(usize, usize)> {
        let fine = self.configured && tile < 8 && self.rows[tile] > 0 && self.bytes_a_row[tile] > 0;
        fine.then(|| (self.rows[tile], self.bytes_a_row[tile]))
    }

    fn cleared(&self) -> Tiles {
        Tiles { configured: self.configured, bytes_a_row: [0; 8], rows: [0; 8], data: [[[0; 64]; 16]; 8] }
    }

    /// Palette 1: eight tiles of up to 16 rows of 64 bytes; everything reserved is zero.
    unsafe fn configure(&mut self, p: *const u8) -> Option<()> {
        let byte = |i: usize| unsafe { *p.add(i) };
        let mut new = Tiles { configured: true, ..self.cleared() };
        for t in 0..16 {
            let bytes = usize::from(u16::from_le_bytes([byte(16 + 2 * t), byte(17 + 2 * t)]));
            let rows = usize::from(byte(48 + t));
            if t < 8 {
                (new.bytes_a_row[t], new.rows[t]) = (bytes, rows);
            }
            if rows > 16 || bytes > 64 || (bytes == 0) != (rows == 0) || (t >= 8 && rows > 0) {
                return None;
            }
        }
        if byte(0) != 1 || (1..16).any(|i| byte(i) != 0) {
            return None;
        }
        *self = new;
        Some(())
    }

    /// Two chains over the even and the odd terms from zero, their sum, and that added to what is there.
    #[target_feature(enable = "fma")]
    unsafe fn dot_product(&mut self, c: usize, a: usize, b: usize) {
        let (rows, columns, pairs) = (self.rows[c], self.bytes_a_row[c] / 4, self.bytes_a_row[a] / 4);
        let bf16 = |tile: &[[u8; 64]; 16], r: usize, i: usize| {
            flushed(f32::from_bits(u32::from(u16::from_le_bytes([tile[r][2 * i], tile[r][2 * i + 1]])) << 16))
        };
        for m in 0..rows {
            let mut chains = [[0.0f32; 2]; 16];
            for k in 0..pairs {
                for (n, chains) in chains.iter_mut().enumerate().take(columns) {
                    for (half, chain) in chains.iter_mut().enumerate() {
                        let (x, y) = (bf16(&self.data[a], m, 2 * k + half), bf16(&self.data[b], k, 2 * n + half));
                        *chain = flushed(x.mul_add(y, *chain));
                    }
                }
            }
            for (n, [even, odd]) in chains.into_iter().enumerate().take(columns) {
                let old: &mut [u8; 4] = (&mut self.data[c][m][4 * n..4 * n + 4]).try_into().expect("four bytes");
                *old = flushed(flushed(f32::from_le_bytes(*old)) + flushed(even + odd)).to_le_bytes();
            }
            self.data[c][m][4 * columns..].fill(0);
        }
        for row in &mut self.data[c][rows..] {
            row.fill(0);
        }
    }
}

/// Subnormal numbers as zero.
fn flushed(v: f32) -> f32 {
    if v.is_subnormal() { 0.0f32.copysign(v) } else { v }
}
