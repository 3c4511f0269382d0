export {
  CONFORMANCE_CASES,
  type ConformanceCase,
  type ConformanceFault,
  type ConformanceSubject,
} from './providers/conformance.ts'
export { CALLS, type Call, FAULTS, type Fault, type FaultName } from './server/faults/catalogue.ts'
export type { FiredFault } from './server/faults/injector.ts'
export type { FaultRule } from './server/faults/rule.ts'
export { parseFaultRule } from './server/faults/rule.ts'
export type { BatchFailure, Durations, LocalServer, LocalServerOptions, SimulatedModel } from './server/options.ts'
export { PECULIARITIES, type Peculiarity } from './server/peculiarities.ts'
export { type AnswerShares, FLAWS, type FlawName } from './server/simulate/answer-mix.ts'
export { DIRECTIVES, type Directive } from './server/simulate/directive.ts'
export type { AnswerFunction, AnswerRequest, GivenAnswer } from './server/simulate/given-answer.ts'
export { startLocalServer } from './server/start.ts'
export type { BatchBill, Ledger } from './server/state/ledger.ts'
