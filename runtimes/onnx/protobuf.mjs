// As much of the protobuf wire format and of ONNX's message numbers as this repository needs: writing the two models,
// and looking into a stranger's model before ONNX Runtime does.

export const TensorType = Object.freeze({ FLOAT: 1, UINT8: 2, INT8: 3, INT32: 6, INT64: 7 });

const AttributeType = Object.freeze({ FLOAT: 1, INT: 2, INTS: 7 });

function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field, value) => bytes(field, Buffer.from(value, 'utf8'));
const message = (field, parts) => bytes(field, Buffer.concat(parts));
const float32 = (field, value) => {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), buffer]);
};

/** TensorProto parts of a named constant; data is a typed array of the type's width. */
export function tensor(name, type, shape, data) {
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return [...shape.map((dimension) => number(1, dimension)), number(2, type), text(8, name), bytes(9, raw)];
}

/** NodeProto parts; attributes are integers, arrays of integers, or {float: number}. */
export function node(operator, inputs, outputs, attributes = {}) {
  const parts = [...inputs.map((name) => text(1, name)), ...outputs.map((name) => text(2, name)), text(3, outputs[0]), text(4, operator)];
  for (const [name, value] of Object.entries(attributes)) {
    if (Array.isArray(value))
      parts.push(message(5, [text(1, name), ...value.map((item) => number(8, item)), number(20, AttributeType.INTS)]));
    else if (typeof value === 'object')
      parts.push(message(5, [text(1, name), float32(2, value.float), number(20, AttributeType.FLOAT)]));
    else parts.push(message(5, [text(1, name), number(3, value), number(20, AttributeType.INT)]));
  }
  return parts;
}

/** ValueInfoProto parts; a string in the shape is a free dimension. */
export function value(name, type, shape) {
  const dimensions = shape.map((d) => message(1, [typeof d === 'string' ? text(2, d) : number(1, d)]));
  return [text(1, name), message(2, [message(1, [number(1, type), message(2, dimensions)])])];
}

/** A whole model file. Every list holds parts made by tensor, node and value. */
export function model({ name, description, opset, nodes, initializers, inputs, outputs }) {
  const graph = [
    ...nodes.map((parts) => message(1, parts)),
    text(2, name),
    ...initializers.map((parts) => message(5, parts)),
    text(10, description),
    ...inputs.map((parts) => message(11, parts)),
    ...outputs.map((parts) => message(12, parts)),
  ];
  return Buffer.concat([number(1, 8), text(2, 'assay'), message(7, graph), message(8, [number(2, opset)])]);
}

/** The bytes are no protobuf message. */
export class WireError extends Error {}

function* fields(buffer) {
  let at = 0;
  const readVarint = () => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= buffer.length) throw new WireError('ends inside a number');
      const byte = buffer[at++];
      result |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, result);
    }
    throw new WireError('holds a number of more than ten bytes');
  };
  const take = (length) => {
    if (length > buffer.length - at) throw new WireError('ends inside a field');
    at += length;
    return buffer.subarray(at - length, at);
  };
  while (at < buffer.length) {
    const key = readVarint();
    const field = Number(key >> 3n);
    const kind = Number(key & 7n);
    if (kind === 0) yield { field, number: readVarint() };
    else if (kind === 1) yield { field, bytes: take(8) };
    else if (kind === 2) {
      const length = readVarint();
      if (length > BigInt(buffer.length)) throw new WireError('ends inside a field');
      yield { field, bytes: take(Number(length)) };
    } else if (kind === 5) yield { field, bytes: take(4) };
    else throw new WireError(`holds wire type ${kind}`);
  }
}

function sub(buffer, ...wanted) {
  const found = Object.fromEntries(wanted.map((field) => [field, []]));
  for (const { field, number: integer, bytes: content } of fields(buffer))
    if (Object.hasOwn(found, field)) found[field].push(content ?? integer);
  return found;
}

const string = (content) => (content === undefined ? '' : Buffer.from(content).toString('utf8'));

function readTensor(buffer) {
  const { 1: dims, 2: type, 8: name, 9: raw, 13: external, 14: location } = sub(buffer, 1, 2, 8, 9, 13, 14);
  return {
    name: string(name[0]),
    type: Number(type[0] ?? 0n),
    shape: dims.map(Number),
    raw: raw[0],
    external: external.length > 0 || location.some((l) => l !== 0n),
  };
}

function* attributeTensors(attribute, depth) {
  const { 5: tensors, 10: more, 22: sparse, 23: moreSparse, 6: graphs, 11: moreGraphs } = sub(attribute, 5, 10, 22, 23, 6, 11);
  yield* [...tensors, ...more].map(readTensor);
  yield* sparseTensors([...sparse, ...moreSparse]);
  for (const inner of [...graphs, ...moreGraphs]) yield* graphTensors(inner, depth + 1);
}

function* sparseTensors(buffers) {
  for (const buffer of buffers) {
    const { 1: values, 2: indices } = sub(buffer, 1, 2);
    yield* [...values, ...indices].map(readTensor);
  }
}

function* graphTensors(graph, depth) {
  if (depth > 8) throw new WireError('nests graphs more than eight deep');
  const { 1: nodes, 5: initializers, 15: sparse } = sub(graph, 1, 5, 15);
  yield* initializers.map(readTensor);
  yield* sparseTensors(sparse);
  for (const inner of nodes) for (const attribute of sub(inner, 5)[5]) yield* attributeTensors(attribute, depth);
}

function readValue(buffer) {
  const { 1: name, 2: type } = sub(buffer, 1, 2);
  const tensorType = type.length ? sub(type[0], 1)[1][0] : undefined;
  const { 1: element, 2: shape } = tensorType ? sub(tensorType, 1, 2) : { 1: [], 2: [] };
  const dims = shape.length ? sub(shape[0], 1)[1].map((d) => sub(d, 1)[1]) : [];
  return { name: string(name[0]), type: Number(element[0] ?? 0n), shape: dims.map((d) => (d.length ? Number(d[0]) : null)) };
}

/**
 * Reads what can be said of a model without running it.
 * @param {Buffer} file an ONNX model
 * @returns {{inputs: object[], outputs: object[], nodes: object[], initializers: object[], external: boolean}}
 *   values as {name, type, shape} with null for a free dimension; nodes as {operator, inputs, outputs};
 *   external is true when any tensor, at any depth, asks for data from another file
 * @throws {WireError} when the bytes are no such message
 */
export function readModel(file) {
  const { 7: graphs, 20: training, 25: functions } = sub(file, 7, 20, 25);
  if (graphs.length !== 1) throw new WireError(`holds ${graphs.length} graphs, expected one`);
  if (training.length || functions.length) throw new WireError('holds training information or functions of its own, which are not taken');
  const graph = sub(graphs[0], 1, 5, 11, 12);
  const initializers = graph[5].map(readTensor);
  const constants = new Set(initializers.map((t) => t.name));
  return {
    inputs: graph[11].map(readValue).filter((v) => !constants.has(v.name)),
    outputs: graph[12].map(readValue),
    nodes: graph[1].map((n) => {
      const { 1: inputs, 2: outputs, 4: operator } = sub(n, 1, 2, 4);
      return { operator: string(operator[0]), inputs: inputs.map(string), outputs: outputs.map(string) };
    }),
    initializers,
    external: [...graphTensors(graphs[0], 0)].some((t) => t.external),
  };
}
