/** Adam over one flat parameter array; gradients are cleared by the step. */
export class Adam {
  #time = 0;

  constructor(parameters) {
    this.parameters = parameters;
    this.gradients = new Float64Array(parameters.length);
    this.first = new Float64Array(parameters.length);
    this.second = new Float64Array(parameters.length);
  }

  step(rate, batch) {
    this.#time++;
    const { parameters, gradients, first, second } = this;
    const correction = Math.sqrt(1 - 0.999 ** this.#time) / (1 - 0.9 ** this.#time);
    for (let i = 0; i < parameters.length; i++) {
      const gradient = gradients[i] / batch;
      first[i] = 0.9 * first[i] + 0.1 * gradient;
      second[i] = 0.999 * second[i] + 0.001 * gradient * gradient;
      parameters[i] -= (rate * correction * first[i]) / (Math.sqrt(second[i]) + 1e-8);
      gradients[i] = 0;
    }
  }
}

/** Softmax of the scores minus the one-hot label: the gradient of the cross-entropy by the scores. */
export function lossGradient(scores, label, into) {
  let top = -Infinity;
  for (const score of scores) top = Math.max(top, score);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += into[i] = Math.exp(scores[i] - top);
  for (let i = 0; i < scores.length; i++) into[i] = into[i] / sum - (i === label ? 1 : 0);
}

/** First index of the largest score. */
export function argmax(scores) {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}
