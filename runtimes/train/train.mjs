#!/usr/bin/env node
// Trains both models and cuts the held-out samples. The same seed gives the same bytes.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encode } from '../onnx/safetensors.mjs';
import { trainConvolution } from './convolution.mjs';
import { PIXELS, loadDigits, split } from './digits.mjs';
import { integerAccuracy, toIntegers } from './integers.mjs';
import { floatModel, integerModel } from './models.mjs';
import { trainPerceptron } from './perceptron.mjs';
import { Random } from './random.mjs';

const BATCHES = 64;
const BATCH = 16;
const HELP = `usage: node runtimes/train/train.mjs [--seed 1] [--out DIR] [--only int8|fp32|samples] [--check]
  --seed N    seed of the split, the first weights and the order of training (default 1, the seed of the committed files)
  --out DIR   folder for models/ and samples/ (default runtimes/onnx)
  --only X    make only this part
  --check     write nothing; exit 1 if a file differs from what is there`;

function sampleFiles(heldOut) {
  const files = {};
  const labels = {};
  for (let b = 0; b < BATCHES; b++) {
    const part = heldOut.slice(b * BATCH, (b + 1) * BATCH);
    const name = `batch-${String(b).padStart(2, '0')}.safetensors`;
    files[`samples/${name}`] = encode({ images: { dtype: 'U8', shape: [BATCH, PIXELS], data: Buffer.concat(part.map((d) => d.pixels)) } });
    labels[name] = part.map((d) => d.label);
  }
  const lines = Object.entries(labels).map(([name, values]) => `  "${name}": [${values.join(', ')}]`);
  files['samples/labels.json'] = Buffer.from(`{\n${lines.join(',\n')}\n}\n`);
  return files;
}

function makeFiles({ seed, only, log }) {
  const { heldOut, training } = split(loadDigits(), BATCHES * BATCH, new Random(seed));
  log(`${training.length} training images, ${heldOut.length} held out`);
  const files = {};
  if (!only || only === 'samples') Object.assign(files, sampleFiles(heldOut));
  if (!only || only === 'int8') {
    const net = trainPerceptron(training, new Random(seed + 1), { epochs: 24, batch: 32, rate: 0.002, log });
    const integers = toIntegers(net, training.slice(0, 256));
    log(`int8 model: ${(100 * integerAccuracy(integers, heldOut)).toFixed(2)} % of held-out images`);
    files['models/digits-int8.onnx'] = integerModel(integers);
  }
  if (!only || only === 'fp32') {
    const net = trainConvolution(training, new Random(seed + 2), { epochs: 6, batch: 32, rate: 0.003, log });
    files['models/digits-fp32.onnx'] = floatModel(net);
  }
  return files;
}

function main() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: join(dirname(fileURLToPath(import.meta.url)), '..', 'onnx') },
      only: { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const files = makeFiles({ seed: Number(values.seed), only: values.only, log: console.error });
  for (const [name, content] of Object.entries(files)) {
    const path = join(values.out, name);
    if (!values.check) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    } else if (!readFileSync(path).equals(content)) {
      console.error(`${name}: differs from the committed file`);
      process.exitCode = 1;
    }
  }
  console.log(`${values.check ? 'compared' : 'wrote'} ${Object.keys(files).length} files in ${values.out}`);
}

main();
