// The two ONNX graphs around the trained numbers.

import { TensorType as T, model, node, tensor, value } from '../onnx/protobuf.mjs';
import { PIXELS } from './digits.mjs';

const OPSET = 17;
const CLASSES = 10;
// Four columns at a time is one GPU kernel for all layers; with ten columns the last one would need, and compile, its own.
const PADDED = 12;

const scalar = (name, number) => tensor(name, T.FLOAT, [], Float32Array.of(number));
const int64 = (name, ...numbers) => tensor(name, T.INT64, [numbers.length], BigInt64Array.from(numbers, BigInt));

const firstClasses = (input, output) => node('Slice', [input, 'begin', 'end', 'axis'], [output]);
const classBounds = () => [int64('begin', 0), int64('end', CLASSES), int64('axis', 1)];

/** Copies rows of `from` columns into rows of `to` columns, the rest zero. */
function widen(numbers, from, to) {
  const wide = new numbers.constructor((numbers.length / from) * to);
  for (let i = 0; i < numbers.length; i++) wide[Math.floor(i / from) * to + (i % from)] = numbers[i];
  return wide;
}

/** The integer perceptron, its integers carried in fp32 (README of runtimes/onnx: why that is exact everywhere). */
export function integerModel(layers) {
  const nodes = [
    node('Cast', ['images'], ['pixels'], { to: T.FLOAT }),
    node('Mul', ['pixels', 'half'], ['halved']),
    node('Floor', ['halved'], ['q0']),
  ];
  const initializers = [scalar('half', 0.5), scalar('zero', 0), scalar('top', 127)];
  layers.forEach((layer, i) => {
    const n = i + 1;
    const width = layer.outputs === CLASSES ? PADDED : layer.outputs;
    initializers.push(tensor(`weights${n}`, T.INT8, [layer.inputs, width], widen(layer.weights, layer.outputs, width)));
    initializers.push(tensor(`biases${n}`, T.INT32, [width], widen(layer.biases, layer.outputs, width)));
    nodes.push(
      node('Cast', [`weights${n}`], [`w${n}`], { to: T.FLOAT }),
      node('Cast', [`biases${n}`], [`b${n}`], { to: T.FLOAT }),
      node('MatMul', [`q${i}`, `w${n}`], [`product${n}`]),
      node('Add', [`product${n}`, `b${n}`], [`sum${n}`]),
    );
    if (layer.shift === undefined) return;
    initializers.push(scalar(`scale${n}`, 2 ** -layer.shift));
    nodes.push(
      node('Mul', [`sum${n}`, `scale${n}`], [`scaled${n}`]),
      node('Add', [`scaled${n}`, 'half'], [`raised${n}`]),
      node('Floor', [`raised${n}`], [`rounded${n}`]),
      node('Clip', [`rounded${n}`, 'zero', 'top'], [`q${n}`]),
    );
  });
  initializers.push(...classBounds());
  nodes.push(
    firstClasses(`sum${layers.length}`, 'final'),
    node('Cast', ['final'], ['scores'], { to: T.INT32 }),
    node('ArgMax', ['final'], ['first'], { axis: 1, keepdims: 0 }),
    node('Cast', ['first'], ['labels'], { to: T.INT32 }),
  );
  return model({
    name: 'digits-int8',
    description: 'Handwritten digits, int8 weights and activations, exact on every provider',
    opset: OPSET,
    nodes,
    initializers,
    inputs: [value('images', T.UINT8, ['N', PIXELS])],
    outputs: [value('labels', T.INT32, ['N']), value('scores', T.INT32, ['N', CLASSES])],
  });
}

/** The convolutional network in fp32. */
export function floatModel([first, second, third, fourth]) {
  const constants = [
    ['w1', [8, 1, 5, 5], first.weights], ['b1', [8], first.biases],
    ['w2', [16, 8, 5, 5], second.weights], ['b2', [16], second.biases],
    ['w3', [256, 48], third.weights], ['b3', [48], third.biases],
    ['w4', [48, PADDED], widen(fourth.weights, CLASSES, PADDED)], ['b4', [PADDED], widen(fourth.biases, CLASSES, PADDED)],
  ];
  const pooling = { kernel_shape: [2, 2], strides: [2, 2] };
  return model({
    name: 'digits-fp32',
    description: 'Handwritten digits, fp32, compared within a tolerance',
    opset: OPSET,
    nodes: [
      node('Cast', ['images'], ['pixels'], { to: T.FLOAT }),
      node('Mul', ['pixels', 'grey'], ['scaled']),
      node('Reshape', ['scaled', 'picture'], ['input']),
      node('Conv', ['input', 'w1', 'b1'], ['c1'], { kernel_shape: [5, 5] }),
      node('Relu', ['c1'], ['r1']),
      node('MaxPool', ['r1'], ['p1'], pooling),
      node('Conv', ['p1', 'w2', 'b2'], ['c2'], { kernel_shape: [5, 5] }),
      node('Relu', ['c2'], ['r2']),
      node('MaxPool', ['r2'], ['p2'], pooling),
      node('Reshape', ['p2', 'row'], ['flat']),
      node('Gemm', ['flat', 'w3', 'b3'], ['g3']),
      node('Relu', ['g3'], ['r3']),
      node('Gemm', ['r3', 'w4', 'b4'], ['g4']),
      firstClasses('g4', 'final'),
      node('Softmax', ['final'], ['probabilities'], { axis: 1 }),
    ],
    initializers: [
      ...constants.map(([name, shape, data]) => tensor(name, T.FLOAT, shape, data)),
      scalar('grey', 1 / 255),
      int64('picture', -1, 1, 28, 28),
      int64('row', -1, 256),
      ...classBounds(),
    ],
    inputs: [value('images', T.UINT8, ['N', PIXELS])],
    outputs: [value('probabilities', T.FLOAT, ['N', CLASSES])],
  });
}
