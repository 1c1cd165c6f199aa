import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadDigits, split } from '../../runtimes/train/digits.mjs';
import { Random } from '../../runtimes/train/random.mjs';
import { ROOT, batchNames, labels, model, samples } from './support.mjs';

const train = join(ROOT, 'runtimes/train/train.mjs');
const key = (pixels) => createHash('sha256').update(pixels).digest('hex');

for (const part of ['samples', 'int8', 'fp32'])
  test(`Training again with seed 1 gives the committed ${part} byte for byte`, async () => {
    await promisify(execFile)(process.execPath, [train, '--seed', '1', '--only', part, '--check']);
  });

test('No held-out image is among the training images', () => {
  const { training } = split(loadDigits(), 1024, new Random(1));
  const seen = new Set(training.map(({ pixels }) => key(pixels)));
  const images = samples();
  assert.equal(seen.size, training.length);
  for (let i = 0; i < 1024; i++) assert.ok(!seen.has(key(images.subarray(i * 784, i * 784 + 784))));
});

test('There are 64 batches of 16 labelled images', () => {
  assert.deepEqual(Object.keys(labels), batchNames);
  assert.equal(batchNames.length, 64);
  for (const list of Object.values(labels)) assert.ok(list.length === 16 && list.every((label) => Number.isInteger(label) && label >= 0 && label <= 9));
});

test('Models stay below 200 kB', () => {
  for (const name of ['int8', 'fp32']) assert.ok(model(name).length < 200_000);
  assert.ok(statSync(train).isFile());
});
