import { FEATURE_COUNT, type TokenFeatures } from './token-features.ts'

/** Weights before anything was counted: prose and code in several languages, less the JSON around them. */
const FIRST_WEIGHTS: readonly number[] = [-20, 0.55, 0.11, 0.5, 0.55, 0.5]

/** How many counted rows the first weights are worth: a few samples correct them, they never swing wildly. */
const PRIOR_ROWS = 2

/** How far fitted weights may lead from the first ones on a longer row, which may be unlike all that were counted. */
const MOST_CORRECTION = 2
const LEAST_DOUBTED = 300

/** Fits the weights of the features to rows whose tokens were counted exactly, by least squares. */
export class TokenFit {
  #weights: readonly number[] = FIRST_WEIGHTS
  readonly #products = new Float64Array(FEATURE_COUNT * FEATURE_COUNT)
  readonly #sums = new Float64Array(FEATURE_COUNT)
  readonly #scales = new Float64Array(FEATURE_COUNT)
  #rows = 0

  /** Rows learnt from so far. */
  get rows(): number {
    return this.#rows
  }

  /** Tokens of a row with these features; at least one. */
  estimate(features: TokenFeatures): number {
    const first = weigh(FIRST_WEIGHTS, features)
    const fitted = weigh(this.#weights, features)
    const tokens =
      first < LEAST_DOUBTED ? fitted : Math.min(first * MOST_CORRECTION, Math.max(first / MOST_CORRECTION, fitted))
    return Math.max(1, Math.round(tokens))
  }

  /** Learns from one row; long rows count no more than short ones. */
  learn(features: TokenFeatures, tokens: number): void {
    const weight = 1 / Math.max(1, tokens)
    for (let row = 0; row < FEATURE_COUNT; row += 1) {
      const scaled = (features[row] ?? 0) * weight
      this.#sums[row] = (this.#sums[row] ?? 0) + scaled * tokens
      this.#scales[row] = (this.#scales[row] ?? 0) + scaled * (features[row] ?? 0)
      for (let column = 0; column < FEATURE_COUNT; column += 1) {
        const place = row * FEATURE_COUNT + column
        this.#products[place] = (this.#products[place] ?? 0) + scaled * (features[column] ?? 0)
      }
    }
    this.#rows += 1
    // Each doubling of the sample, and every 64 rows, is worth another look.
    if ((this.#rows & (this.#rows - 1)) === 0 || this.#rows % 64 === 0) this.#refit()
  }

  /** Ridge regression towards the first weights, because features of like rows grow together. */
  #refit(): void {
    const size = FEATURE_COUNT
    const matrix = Float64Array.from(this.#products)
    const sums = Float64Array.from(this.#sums)
    for (let place = 0; place < size; place += 1) {
      const ridge = ((this.#scales[place] ?? 0) * PRIOR_ROWS) / this.#rows / this.#rows + 1e-6
      matrix[place * size + place] = (matrix[place * size + place] ?? 0) + ridge
      sums[place] = (sums[place] ?? 0) + ridge * (FIRST_WEIGHTS[place] ?? 0)
    }
    this.#weights = solve(matrix, sums)
  }
}

function weigh(weights: readonly number[], features: TokenFeatures): number {
  let sum = 0
  for (let place = 0; place < FEATURE_COUNT; place += 1) sum += (weights[place] ?? 0) * (features[place] ?? 0)
  return sum
}

/** Solves a symmetric positive definite system by Gaussian elimination; the ridge keeps the pivots above zero. */
function solve(matrix: Float64Array, sums: Float64Array): readonly number[] {
  const size = sums.length
  const at = (row: number, column: number): number => matrix[row * size + column] ?? 0
  for (let pivot = 0; pivot < size; pivot += 1) {
    for (let row = pivot + 1; row < size; row += 1) {
      const factor = at(row, pivot) / at(pivot, pivot)
      for (let column = pivot; column < size; column += 1)
        matrix[row * size + column] = at(row, column) - factor * at(pivot, column)
      sums[row] = (sums[row] ?? 0) - factor * (sums[pivot] ?? 0)
    }
  }
  const solution = Array.from({ length: size }, () => 0)
  for (let row = size - 1; row >= 0; row -= 1) {
    let rest = sums[row] ?? 0
    for (let column = row + 1; column < size; column += 1) rest -= at(row, column) * (solution[column] ?? 0)
    solution[row] = rest / at(row, row)
  }
  return solution
}
