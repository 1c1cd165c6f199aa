// A fully connected network 784-128-64-10 with ReLU, trained in double precision on shifted images.

import { Adam, argmax, lossGradient } from './adam.mjs';
import { PIXELS, SIDE } from './digits.mjs';

export const WIDTHS = [PIXELS, 128, 64, 10];

function layers(random) {
  return WIDTHS.slice(1).map((outputs, i) => {
    const inputs = WIDTHS[i];
    const limit = Math.sqrt(6 / inputs);
    const weights = Float64Array.from({ length: inputs * outputs }, () => (random.unit() * 2 - 1) * limit);
    return { inputs, outputs, weights: new Adam(weights), biases: new Adam(new Float64Array(outputs)) };
  });
}

// Row by row over the inputs, so that the many zero pixels cost nothing.
function forward(layer, input, output) {
  const { inputs, outputs } = layer;
  const weights = layer.weights.parameters;
  output.set(layer.biases.parameters);
  for (let i = 0; i < inputs; i++) {
    const x = input[i];
    if (x === 0) continue;
    const row = i * outputs;
    for (let j = 0; j < outputs; j++) output[j] += x * weights[row + j];
  }
}

function backward(layer, input, delta, inputDelta) {
  const { inputs, outputs } = layer;
  const { parameters, gradients } = layer.weights;
  for (let j = 0; j < outputs; j++) layer.biases.gradients[j] += delta[j];
  for (let i = 0; i < inputs; i++) {
    const x = input[i];
    if (x === 0) continue; // a unit cut by ReLU passes no gradient either
    const row = i * outputs;
    let sum = 0;
    for (let j = 0; j < outputs; j++) {
      gradients[row + j] += x * delta[j];
      sum += parameters[row + j] * delta[j];
    }
    if (inputDelta) inputDelta[i] = sum;
  }
}

/** Moves the image by whole pixels, filling with background, and scales to 0..127/128 as the int8 model sees it. */
export function shifted(pixels, dx, dy, into) {
  into.fill(0);
  for (let y = Math.max(0, dy); y < Math.min(SIDE, SIDE + dy); y++)
    for (let x = Math.max(0, dx); x < Math.min(SIDE, SIDE + dx); x++)
      into[y * SIDE + x] = (pixels[(y - dy) * SIDE + x - dx] >> 1) / 128;
}

/**
 * Trains the network.
 * @returns {{inputs: number, outputs: number, weights: Float64Array, biases: Float64Array}[]} weights by [input][output]
 */
export function trainPerceptron(training, random, { epochs, batch, rate, log }) {
  const net = layers(random);
  const values = WIDTHS.map((width) => new Float64Array(width));
  const deltas = WIDTHS.map((width) => new Float64Array(width));
  const order = [...training];
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    let right = 0;
    const steps = Math.ceil(order.length / batch);
    for (let step = 0; step < steps; step++) {
      const part = order.slice(step * batch, (step + 1) * batch);
      for (const { pixels, label } of part) {
        shifted(pixels, random.below(5) - 2, random.below(5) - 2, values[0]);
        net.forEach((layer, i) => {
          forward(layer, values[i], values[i + 1]);
          if (i + 1 < net.length) for (let j = 0; j < layer.outputs; j++) if (values[i + 1][j] < 0) values[i + 1][j] = 0;
        });
        if (argmax(values.at(-1)) === label) right++;
        lossGradient(values.at(-1), label, deltas.at(-1));
        for (let i = net.length - 1; i >= 0; i--) {
          deltas[i].fill(0);
          backward(net[i], values[i], deltas[i + 1], i > 0 ? deltas[i] : undefined);
        }
      }
      const decayed = rate * (1 - (epoch * steps + step) / (epochs * steps));
      for (const layer of net) {
        layer.weights.step(decayed, part.length);
        layer.biases.step(decayed, part.length);
      }
    }
    log(`perceptron epoch ${epoch + 1}/${epochs}: ${((100 * right) / order.length).toFixed(2)} % of shifted training images`);
  }
  return net.map(({ inputs, outputs, weights, biases }) => ({ inputs, outputs, weights: weights.parameters, biases: biases.parameters }));
}
