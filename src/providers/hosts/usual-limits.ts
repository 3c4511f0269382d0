import type { Limits } from '../provider.ts'

/**
 * Limits of a host of OpenAI's shape that documents no others: images as at OpenAI, whose answers these hosts imitate, no
 * queue that is known, and nothing told of requests that are in no result file.
 */
export const USUAL_LIMITS = {
  minRequests: 1,
  maxImageBytes: 20_000_000,
  maxImages: 500,
  queueTokens: null,
  queueRequests: null,
  queueRequestsPer: 'model',
  maxInputs: null,
  maxInputsPerRequest: null,
  maxOutputBytes: null,
  absentRowIsUnbilled: [],
} as const satisfies Partial<Limits>
