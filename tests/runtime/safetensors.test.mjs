import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError, decode, encode } from '../../runtimes/onnx/safetensors.mjs';

const bytes = (...numbers) => Uint8Array.from(numbers);

function container(header, data = Buffer.alloc(0)) {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

const u8 = (shape, begin, end) => ({ dtype: 'U8', shape, data_offsets: [begin, end] });

test('The canonical form is these bytes', () => {
  const file = encode({
    b: { dtype: 'I32', shape: [1], data: bytes(1, 0, 0, 0) },
    B: { dtype: 'U8', shape: [], data: bytes(7) },
    a: { dtype: 'F32', shape: [0, 10], data: bytes() },
  });
  const header =
    '{"B":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"F32","shape":[0,10],"data_offsets":[1,1]},"b":{"dtype":"I32","shape":[1],"data_offsets":[1,5]}}       ';
  assert.equal(header.length % 8, 0);
  assert.equal(file.toString('hex'), Buffer.concat([bytes(header.length, 0, 0, 0, 0, 0, 0, 0), Buffer.from(header), bytes(7, 1, 0, 0, 0)]).toString('hex'));
});

test('What is written is read back, NaN bits included', () => {
  const data = bytes(1, 0, 0xc0, 0x7f, 0, 0, 0x80, 0xff);
  const { x } = decode(encode({ x: { dtype: 'F32', shape: [2], data } }));
  assert.deepEqual({ ...x, data: [...x.data] }, { dtype: 'F32', shape: [2], data: [...data] });
});

test('Tensors may come in any order and with metadata as long as they tile the data', () => {
  const file = container({ __metadata__: { by: 'somebody' }, x: u8([1], 1, 2), y: u8([1], 0, 1) }, bytes(4, 5));
  assert.equal(decode(file).x.data[0], 5);
});

const malformed = {
  'a file of three bytes': [bytes(1, 2, 3), /header length takes 8/],
  'a header longer than the file': [container('{}').subarray(0, 9), /does not fit/],
  'a header of 2^63 bytes': [bytes(0, 0, 0, 0, 0, 0, 0, 0x80), /above the limit/],
  'a header that is no JSON': [container('{'), /not valid UTF-8 JSON/],
  'a header that is no UTF-8': [Buffer.concat([container('xx').subarray(0, 8), bytes(0xff, 0xfe)]), /not valid UTF-8 JSON/],
  'a header that is an array': [container('[]'), /not a JSON object/],
  'an entry that is null': [container({ x: null }), /not an object/],
  'an unknown dtype': [container({ x: { dtype: 'constructor', shape: [], data_offsets: [0, 1] } }, bytes(1)), /dtype "constructor" is not known/],
  'a negative dimension': [container({ x: u8([-1], 0, 0) }), /no dimension/],
  'a fractional dimension': [container({ x: u8([0.5], 0, 0) }), /no dimension/],
  'a shape of 2^62 elements': [container({ x: u8([2 ** 31, 2 ** 31], 0, 1) }, bytes(1)), /more than 2\^31/],
  'a rank of nine': [container({ x: u8([1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 1) }, bytes(1)), /at most 8/],
  'offsets that are no pair': [container({ x: { dtype: 'U8', shape: [], data_offsets: 0 } }, bytes(1)), /two non-negative integers/],
  'offsets that disagree with the shape': [container({ x: u8([2], 0, 1) }, bytes(1)), /takes 2 bytes, offsets span 1/],
  'overlapping tensors': [container({ x: u8([1], 0, 1), y: u8([1], 0, 1) }, bytes(1)), /begins at 0, expected 1/],
  'a gap': [container({ x: u8([1], 1, 2) }, bytes(1, 2)), /begins at 1, expected 0/],
  'a cut end': [container({ x: u8([2], 0, 2) }, bytes(1)), /the file holds 1/],
  'bytes left over': [container({ x: u8([1], 0, 1) }, bytes(1, 2)), /the file holds 2/],
  'a name with a quote': [container({ 'x"': u8([1], 0, 1) }, bytes(1)), /is not allowed/],
};

for (const [what, [file, reason]] of Object.entries(malformed))
  test(`The reader refuses ${what}`, () => {
    assert.throws(() => decode(Buffer.from(file)), (error) => error instanceof FormatError && reason.test(error.message));
  });

test('The writer refuses data that do not fill the shape', () => {
  assert.throws(() => encode({ x: { dtype: 'I32', shape: [2], data: bytes(1) } }), /takes 8 bytes, got 1/);
});
