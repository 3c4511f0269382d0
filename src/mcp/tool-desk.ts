import type { CallToolResult, InputRequiredResult, McpServer, ServerContext } from '@modelcontextprotocol/server'
import pLimit from 'p-limit'
import type { AskingCall } from './acceptance.ts'
import { type AgentHome, inAgentHome } from './agent-home.ts'
import type { AgentPlace } from './agent-place.ts'
import { errorAnswer } from './tool-answer.ts'

type Answer = CallToolResult | InputRequiredResult
type Work = (home: AgentHome) => Promise<Answer>

/** The way in which tools are carried out for one client: each opens the home, and what ends it is an answer too. */
export class ToolDesk {
  readonly #place: AgentPlace
  readonly #server: McpServer
  /** What spends, and what moves a run, is done one after the other, so that no two of them count the same sum. */
  readonly #inTurn = pLimit(1)

  constructor(place: AgentPlace, server: McpServer) {
    this.#place = place
    this.#server = server
  }

  /** Carries out what only looks. */
  async look(work: Work): Promise<Answer> {
    try {
      return await inAgentHome(this.#place, work)
    } catch (error) {
      return errorAnswer(this.#place.asKnownError(error))
    }
  }

  /** Carries out what changes something. */
  async act(work: Work): Promise<Answer> {
    return await this.#inTurn(() => this.look(work))
  }

  /** The call of a tool whose user may be asked. */
  callOf(context: ServerContext, confirmation: string | undefined): AskingCall {
    return { context, declared: this.#server.server.getClientCapabilities(), confirmation }
  }
}
