// The safetensors container: a strict reader for files from strangers and a writer of one canonical form.
// The format is described in README.md beside this file.

const HEADER_LIMIT = 1 << 20;
const TENSOR_LIMIT = 64;
const RANK_LIMIT = 8;
const NAME = /^[A-Za-z0-9_.\-/:]{1,128}$/;

/** Bytes per element of every dtype that may be written or read. */
export const DTYPE_BYTES = Object.freeze({
  BOOL: 1, U8: 1, I8: 1, I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4, F64: 8, I64: 8, U64: 8,
});

/** The file is not what it must be. The message is one line and names what was expected and what was found. */
export class FormatError extends Error {}

/**
 * Number of elements of a shape.
 * @param {number[]} shape
 * @returns {number} the product of the dimensions, 1 for a scalar
 * @throws {FormatError} when a dimension is no non-negative integer, the rank is above 8 or the product is above 2^31
 */
export function elementCount(shape) {
  if (!Array.isArray(shape) || shape.length > RANK_LIMIT)
    throw new FormatError(`shape must be an array of at most ${RANK_LIMIT} dimensions`);
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0)
      throw new FormatError(`shape holds ${JSON.stringify(dimension)}, which is no dimension`);
    count *= dimension;
    if (count > 2 ** 31) throw new FormatError(`shape [${shape}] has more than 2^31 elements`);
  }
  return count;
}

function checkName(name) {
  if (!NAME.test(name)) throw new FormatError(`tensor name ${JSON.stringify(name.slice(0, 160))} is not allowed`);
}

function checkDtype(dtype) {
  if (!Object.hasOwn(DTYPE_BYTES, dtype)) throw new FormatError(`dtype ${JSON.stringify(dtype)} is not known`);
}

/**
 * Writes the canonical form: names ascending, keys dtype, shape, data_offsets, no whitespace, header padded with
 * spaces to a multiple of 8, data in name order without gaps.
 * @param {Record<string, {dtype: string, shape: number[], data: Uint8Array}>} tensors data is row major, little-endian
 * @returns {Buffer} the whole file
 */
export function encode(tensors) {
  const names = Object.keys(tensors).sort((a, b) => (a < b ? -1 : 1));
  let offset = 0;
  const entries = names.map((name) => {
    const { dtype, shape, data } = tensors[name];
    checkName(name);
    checkDtype(dtype);
    const expected = elementCount(shape) * DTYPE_BYTES[dtype];
    if (data.byteLength !== expected)
      throw new FormatError(`tensor ${name}: ${dtype} [${shape}] takes ${expected} bytes, got ${data.byteLength}`);
    const entry = `"${name}":{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${offset},${offset + expected}]}`;
    offset += expected;
    return entry;
  });
  const text = `{${entries.join(',')}}`;
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8, ' '), 'ascii');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...names.map((name) => tensors[name].data)]);
}

function parseHeader(file) {
  if (file.length < 8) throw new FormatError(`file has ${file.length} bytes, a header length takes 8`);
  const length = file.readBigUInt64LE(0);
  if (length > BigInt(HEADER_LIMIT)) throw new FormatError(`header of ${length} bytes is above the limit of ${HEADER_LIMIT}`);
  const end = 8 + Number(length);
  if (end > file.length) throw new FormatError(`header of ${length} bytes does not fit in a file of ${file.length}`);
  let header;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, end)));
  } catch {
    throw new FormatError('header is not valid UTF-8 JSON');
  }
  if (header === null || typeof header !== 'object' || Array.isArray(header))
    throw new FormatError('header is not a JSON object');
  return { header, data: file.subarray(end) };
}

function checkEntry(name, entry) {
  checkName(name);
  if (entry === null || typeof entry !== 'object') throw new FormatError(`tensor ${name}: entry is not an object`);
  checkDtype(entry.dtype);
  const offsets = entry.data_offsets;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((o) => Number.isSafeInteger(o) && o >= 0))
    throw new FormatError(`tensor ${name}: data_offsets must be two non-negative integers`);
  const expected = elementCount(entry.shape) * DTYPE_BYTES[entry.dtype];
  if (offsets[1] - offsets[0] !== expected)
    throw new FormatError(`tensor ${name}: ${entry.dtype} [${entry.shape}] takes ${expected} bytes, offsets span ${offsets[1] - offsets[0]}`);
  return { name, dtype: entry.dtype, shape: [...entry.shape], begin: offsets[0], end: offsets[1] };
}

/**
 * Reads any well-formed safetensors file whose tensors tile the data exactly (no gap, overlap or rest).
 * @param {Buffer} file
 * @returns {Record<string, {dtype: string, shape: number[], data: Buffer}>} data are views into the file
 * @throws {FormatError} with one line that says what is wrong
 */
export function decode(file) {
  const { header, data } = parseHeader(file);
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  if (names.length > TENSOR_LIMIT) throw new FormatError(`${names.length} tensors are above the limit of ${TENSOR_LIMIT}`);
  const entries = names.map((name) => checkEntry(name, header[name]));
  let offset = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== offset) throw new FormatError(`tensor ${entry.name} begins at ${entry.begin}, expected ${offset}`);
    offset = entry.end;
  }
  if (offset !== data.length) throw new FormatError(`tensors take ${offset} bytes of data, the file holds ${data.length}`);
  return Object.fromEntries(entries.map(({ name, dtype, shape, begin, end }) => [name, { dtype, shape, data: data.subarray(begin, end) }]));
}
