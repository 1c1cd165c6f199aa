// Turns the trained perceptron into integers with power-of-two scales, and computes with them exactly.

import { argmax } from './adam.mjs';

const LIMIT = 127;

function activations(layer, input, shift) {
  const output = Float64Array.from(layer.biases);
  for (let i = 0; i < layer.inputs; i++) {
    if (input[i] === 0) continue;
    for (let j = 0; j < layer.outputs; j++) output[j] += input[i] * layer.weights[i * layer.outputs + j];
  }
  if (shift === undefined) return output;
  return output.map((sum) => Math.min(LIMIT, Math.max(0, Math.floor(sum * 2 ** -shift + 0.5))));
}

/** The scores of one image: the reference that every provider must equal to the last bit. */
export function integerScores(model, pixels) {
  let values = Float64Array.from(pixels, (pixel) => pixel >> 1);
  for (const layer of model) values = activations(layer, values, layer.shift);
  return values;
}

export function integerAccuracy(model, images) {
  return images.filter(({ pixels, label }) => argmax(integerScores(model, pixels)) === label).length / images.length;
}

// 99.9 % of the positive sums shall stay below saturation; the scale is the smallest power of two that does it.
function shiftFor(layer, inputs) {
  const sums = inputs.flatMap((input) => [...activations(layer, input, undefined)].filter((sum) => sum > 0)).sort((a, b) => a - b);
  return Math.max(1, Math.ceil(Math.log2(sums[Math.floor(sums.length * 0.999)] / LIMIT)));
}

/**
 * Quantises layer by layer: weights to the finest power of two at which at most one weight in ten thousand saturates, biases to the
 * scale of the sums, and a shift per hidden layer from calibration images.
 * @returns {{inputs: number, outputs: number, weights: Int8Array, biases: Int32Array, shift: number | undefined}[]}
 */
export function toIntegers(net, calibration) {
  let inputScale = 7; // inputs are pixel / 2, read as 7 binary fraction digits
  let inputs = calibration.map(({ pixels }) => Float64Array.from(pixels, (pixel) => pixel >> 1));
  return net.map((layer, i) => {
    const magnitudes = Float64Array.from(layer.weights, Math.abs).sort();
    const top = magnitudes[Math.floor(magnitudes.length * 0.9999)];
    const weightScale = Math.floor(Math.log2(LIMIT / top));
    const weights = Int8Array.from(layer.weights, (w) => Math.max(-LIMIT, Math.min(LIMIT, Math.round(w * 2 ** weightScale))));
    const sumScale = inputScale + weightScale;
    const biases = Int32Array.from(layer.biases, (b) => Math.round(b * 2 ** sumScale));
    const quantised = { inputs: layer.inputs, outputs: layer.outputs, weights, biases, shift: undefined };
    if (i === net.length - 1) return quantised;
    quantised.shift = shiftFor(quantised, inputs);
    inputs = inputs.map((input) => activations(quantised, input, quantised.shift));
    inputScale = sumScale - quantised.shift;
    return quantised;
  });
}
