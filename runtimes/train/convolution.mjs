// A small convolutional network, trained in double precision: 5x5x8, pool, 5x5x16, pool, 256-48-10, ReLU between.

import { Adam, argmax, lossGradient } from './adam.mjs';
import { SIDE } from './digits.mjs';

const KERNEL = 5;

function convolution(random, inputs, outputs, side) {
  const limit = Math.sqrt(6 / (inputs * KERNEL * KERNEL));
  const weights = Float64Array.from({ length: outputs * inputs * KERNEL * KERNEL }, () => (random.unit() * 2 - 1) * limit);
  return { inputs, outputs, side, weights: new Adam(weights), biases: new Adam(new Float64Array(outputs)) };
}

function dense(random, inputs, outputs) {
  const limit = Math.sqrt(6 / inputs);
  const weights = Float64Array.from({ length: inputs * outputs }, () => (random.unit() * 2 - 1) * limit);
  return { inputs, outputs, weights: new Adam(weights), biases: new Adam(new Float64Array(outputs)) };
}

function convolve(layer, input, output) {
  const { inputs, outputs, side } = layer;
  const out = side - KERNEL + 1;
  const weights = layer.weights.parameters;
  for (let o = 0; o < outputs; o++) {
    const plane = o * out * out;
    output.fill(layer.biases.parameters[o], plane, plane + out * out);
    for (let c = 0; c < inputs; c++) {
      const kernel = (o * inputs + c) * KERNEL * KERNEL;
      for (let y = 0; y < out; y++) {
        const target = plane + y * out;
        for (let ky = 0; ky < KERNEL; ky++) {
          const row = (c * side + y + ky) * side;
          const k = kernel + ky * KERNEL;
          const w0 = weights[k], w1 = weights[k + 1], w2 = weights[k + 2], w3 = weights[k + 3], w4 = weights[k + 4];
          for (let x = 0; x < out; x++) {
            const at = row + x;
            output[target + x] += w0 * input[at] + w1 * input[at + 1] + w2 * input[at + 2] + w3 * input[at + 3] + w4 * input[at + 4];
          }
        }
      }
    }
  }
}

// Most of the delta is zero: pooling passes it to one place in four, ReLU cuts about half of those.
function convolveBack(layer, input, delta, inputDelta) {
  const { inputs, outputs, side } = layer;
  const out = side - KERNEL + 1;
  const { parameters, gradients } = layer.weights;
  for (let o = 0; o < outputs; o++)
    for (let y = 0; y < out; y++)
      for (let x = 0; x < out; x++) {
        const d = delta[(o * out + y) * out + x];
        if (d === 0) continue;
        layer.biases.gradients[o] += d;
        for (let c = 0; c < inputs; c++)
          for (let ky = 0; ky < KERNEL; ky++) {
            const k = ((o * inputs + c) * KERNEL + ky) * KERNEL;
            const at = (c * side + y + ky) * side + x;
            for (let kx = 0; kx < KERNEL; kx++) gradients[k + kx] += d * input[at + kx];
            if (inputDelta) for (let kx = 0; kx < KERNEL; kx++) inputDelta[at + kx] += d * parameters[k + kx];
          }
      }
}

// ReLU and 2x2 maximum together: a cell whose largest value is not above zero has no place to send a gradient.
function pool(input, planes, side, output, places) {
  const half = side >> 1;
  for (let p = 0; p < planes; p++)
    for (let y = 0; y < half; y++)
      for (let x = 0; x < half; x++) {
        const corner = (p * side + 2 * y) * side + 2 * x;
        let best = corner;
        for (const at of [corner + 1, corner + side, corner + side + 1]) if (input[at] > input[best]) best = at;
        const cell = (p * half + y) * half + x;
        places[cell] = input[best] > 0 ? best : -1;
        output[cell] = Math.max(0, input[best]);
      }
}

function poolBack(delta, places, inputDelta) {
  inputDelta.fill(0);
  for (let cell = 0; cell < places.length; cell++) if (places[cell] >= 0) inputDelta[places[cell]] = delta[cell];
}

function connect(layer, input, output) {
  const weights = layer.weights.parameters;
  output.set(layer.biases.parameters);
  for (let i = 0; i < layer.inputs; i++) {
    if (input[i] === 0) continue;
    for (let j = 0; j < layer.outputs; j++) output[j] += input[i] * weights[i * layer.outputs + j];
  }
}

function connectBack(layer, input, delta, inputDelta) {
  const { parameters, gradients } = layer.weights;
  for (let j = 0; j < layer.outputs; j++) layer.biases.gradients[j] += delta[j];
  for (let i = 0; i < layer.inputs; i++) {
    inputDelta[i] = 0;
    if (input[i] === 0) continue;
    for (let j = 0; j < layer.outputs; j++) {
      gradients[i * layer.outputs + j] += input[i] * delta[j];
      inputDelta[i] += parameters[i * layer.outputs + j] * delta[j];
    }
  }
}

class Network {
  constructor(random) {
    this.first = convolution(random, 1, 8, SIDE);
    this.second = convolution(random, 8, 16, 12);
    this.third = dense(random, 256, 48);
    this.fourth = dense(random, 48, 10);
    this.input = new Float64Array(SIDE * SIDE);
    const pair = (length) => [new Float64Array(length), new Float64Array(length)];
    [this.a, this.da] = pair(8 * 24 * 24);
    [this.b, this.db] = pair(8 * 12 * 12);
    [this.c, this.dc] = pair(16 * 8 * 8);
    [this.d, this.dd] = pair(256);
    [this.e, this.de] = pair(48);
    [this.f, this.df] = pair(10);
    this.firstPlaces = new Int32Array(8 * 12 * 12);
    this.secondPlaces = new Int32Array(256);
  }

  get layers() {
    return [this.first, this.second, this.third, this.fourth];
  }

  scores(pixels) {
    for (let i = 0; i < pixels.length; i++) this.input[i] = pixels[i] / 255;
    convolve(this.first, this.input, this.a);
    pool(this.a, 8, 24, this.b, this.firstPlaces);
    convolve(this.second, this.b, this.c);
    pool(this.c, 16, 8, this.d, this.secondPlaces);
    connect(this.third, this.d, this.e);
    for (let i = 0; i < this.e.length; i++) if (this.e[i] < 0) this.e[i] = 0;
    connect(this.fourth, this.e, this.f);
    return this.f;
  }

  learn(label) {
    lossGradient(this.f, label, this.df);
    connectBack(this.fourth, this.e, this.df, this.de);
    connectBack(this.third, this.d, this.de, this.dd);
    poolBack(this.dd, this.secondPlaces, this.dc);
    this.db.fill(0);
    convolveBack(this.second, this.b, this.dc, this.db);
    poolBack(this.db, this.firstPlaces, this.da);
    convolveBack(this.first, this.input, this.da, undefined);
  }
}

/**
 * Trains the network.
 * @returns {{weights: Float32Array, biases: Float32Array}[]} convolutions as [output][input][y][x], dense as [input][output]
 */
export function trainConvolution(training, random, { epochs, batch, rate, log }) {
  const net = new Network(random);
  const order = [...training];
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    let right = 0;
    const steps = Math.ceil(order.length / batch);
    for (let step = 0; step < steps; step++) {
      const part = order.slice(step * batch, (step + 1) * batch);
      for (const { pixels, label } of part) {
        if (argmax(net.scores(pixels)) === label) right++;
        net.learn(label);
      }
      const decayed = rate * (1 - (epoch * steps + step) / (epochs * steps));
      for (const layer of net.layers) {
        layer.weights.step(decayed, part.length);
        layer.biases.step(decayed, part.length);
      }
    }
    log(`convolution epoch ${epoch + 1}/${epochs}: ${((100 * right) / order.length).toFixed(2)} % of training images`);
  }
  return net.layers.map(({ weights, biases }) => ({
    weights: Float32Array.from(weights.parameters),
    biases: Float32Array.from(biases.parameters),
  }));
}
