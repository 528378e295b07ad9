//! Huffman codes and the bits that they stand in (ISO/IEC 10918-1, Annexes C and F).

/// Bits that are looked up at once.
const LOOKUP_BITS: u32 = 10;

/// A run that ends the block: longer than any of zeros.
pub const END_OF_BLOCK: u32 = 64;

/// What the next bits of the data stand for.
///
/// In a packed entry: bits to take (6), whether further bits for the value follow them (1), the run of zeros in front of the
/// value (7 from bit 8), and the value, or the number of bits that it has (16 from bit 16). [`LONG`] where the code is longer than
/// the lookup.
type Entry = u32;

/// The entry of codes that are longer than the lookup.
const LONG: Entry = 1 << 6;

/// One table of codes.
#[derive(Clone)]
pub struct Table {
    lookup: Box<[Entry; 1 << LOOKUP_BITS]>,
    /// For each length of code: the first code that is longer, in the highest of 16 bits.
    ends: [u32; 17],
    /// For each length: what to add to a code to find its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
    runs: bool,
}

impl Table {
    /// From the number of codes of each length, 1 to 16 bits, and their symbols; `runs` where a symbol's upper four bits
    /// are a number of zeros. `None` where the lengths are of no code.
    pub fn new(lengths: &[u8; 16], symbols: &[u8], runs: bool) -> Option<Self> {
        let mut table = Self {
            lookup: Box::new([LONG; 1 << LOOKUP_BITS]),
            ends: [0; 17],
            offsets: [0; 17],
            symbols: symbols.to_vec(),
            runs,
        };
        let (mut code, mut index) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = u32::from(lengths[length as usize - 1]);
            table.offsets[length as usize] = index as i32 - code as i32;
            if code + count > 1 << length {
                return None;
            }
            for _ in 0..count {
                if length <= LOOKUP_BITS {
                    table.fill(code, length, symbols[index]);
                }
                (code, index) = (code + 1, index + 1);
            }
            table.ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some(table)
    }

    /// Enters a code into the lookup, with its value wherever the bits of that are looked up too.
    fn fill(&mut self, code: u32, length: u32, symbol: u8) {
        let free = LOOKUP_BITS - length;
        for rest in 0..1 << free {
            let (run, size) = split(symbol, self.runs);
            let entry = if size <= free {
                let value = extend(rest >> (free - size), size);
                (length + size) | run << 8 | (value as u32) << 16
            } else {
                length | 1 << 6 | run << 8 | size << 16
            };
            self.lookup[(code << free | rest) as usize] = entry;
        }
    }

    /// A code that is longer than the lookup: its length, run of zeros and bits of its value; `None` where it is none.
    #[cold]
    fn long(&self, next: u32) -> Option<(u32, u32, u32)> {
        let length = (LOOKUP_BITS + 1..=16).find(|&length| next < self.ends[length as usize])?;
        let index = (next >> (16 - length)) as i32 + self.offsets[length as usize];
        let (run, size) = split(*self.symbols.get(usize::try_from(index).ok()?)?, self.runs);
        Some((length, run, size))
    }

    /// Reads a symbol and the value that follows it: the run of zeros and the value.
    #[inline(always)]
    pub fn read(&self, bits: &mut Bits) -> Option<(u32, i32)> {
        bits.fill();
        let entry = self.lookup[(bits.buffer >> (64 - LOOKUP_BITS)) as usize];
        if entry & (1 << 6) == 0 {
            bits.take(entry & 63);
            return Some((entry >> 8 & 127, entry as i32 >> 16));
        }
        let (length, run, size) = match entry & 63 {
            0 => self.long((bits.buffer >> 48) as u32)?,
            length => (length, entry >> 8 & 127, entry >> 16),
        };
        bits.take(length);
        Some((run, bits.value(size)))
    }
}

/// The run of zeros and the bits of the value that a symbol announces.
fn split(symbol: u8, runs: bool) -> (u32, u32) {
    match (runs, u32::from(symbol >> 4), u32::from(symbol & 15)) {
        (true, 15, 0) => (15, 0),
        (true, _, 0) => (END_OF_BLOCK, 0),
        (true, run, size) => (run, size),
        (false, _, size) => (0, size),
    }
}

/// The signed value of `size` bits: half of them stand for negative numbers.
#[inline(always)]
fn extend(bits: u32, size: u32) -> i32 {
    let negative = size > 0 && bits >> (size - 1) == 0;
    bits as i32 - if negative { (1 << size) - 1 } else { 0 }
}

/// Coded data without its stuffing, as a stream of bits.
#[derive(Clone, Copy)]
pub struct Bits<'a> {
    data: &'a [u8],
    /// Next byte to take into the buffer.
    at: usize,
    /// The next bits, from the highest on.
    buffer: u64,
    /// How many of them are certain.
    count: u32,
}

impl<'a> Bits<'a> {
    /// From the byte at `start` on; after the last of `data` come zeros.
    pub fn new(data: &'a [u8], start: usize) -> Self {
        Self { data, at: start, buffer: 0, count: 0 }
    }

    /// Byte up to which bits have been taken.
    pub fn position(&self) -> usize {
        self.at - (self.count / 8) as usize
    }

    /// At least 56 bits for what comes next.
    #[inline(always)]
    fn fill(&mut self) {
        if self.count < 32 {
            let next = self.data.get(self.at..).and_then(|rest| rest.first_chunk());
            self.buffer |= next.map_or(0, |bytes| u64::from_be_bytes(*bytes)) >> self.count;
            self.at += (63 - self.count) as usize / 8;
            self.count |= 56;
        }
    }

    #[inline(always)]
    fn take(&mut self, count: u32) {
        self.buffer <<= count;
        self.count -= count;
    }

    #[inline(always)]
    fn value(&mut self, size: u32) -> i32 {
        // Twice, as a shift by 64 is none.
        let bits = (self.buffer >> 1 >> (63 - size)) as u32;
        self.take(size);
        extend(bits, size)
    }
}

/// Takes the stuffing out of coded data: the data, and where each restart interval starts.
///
/// `None` where anything but the end of the image follows, or nothing.
pub fn unstuffed(scan: &[u8]) -> Option<(Vec<u8>, Vec<usize>)> {
    let mut data = Vec::with_capacity(scan.len() + 8);
    let mut starts = vec![0];
    let mut rest = scan;
    loop {
        let (before, after) = rest.split_at_checked(memchr::memchr(0xFF, rest)?)?;
        data.extend_from_slice(before);
        rest = match *after.get(1)? {
            0x00 => {
                data.push(0xFF);
                &after[2..]
            }
            0xD0..=0xD7 => {
                starts.push(data.len());
                &after[2..]
            }
            0xFF => &after[1..],
            0xD9 => break,
            _ => return None,
        }
    }
    starts.push(data.len());
    // So that the last bytes are read eight at a time too.
    data.extend_from_slice(&[0; 8]);
    Some((data, starts))
}
