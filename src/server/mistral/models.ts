import type { ServerContext } from '../http/environment.ts'
import { unknownAtMistral } from '../http/error-answer.ts'
import { ownerOf, type RouteContext } from '../http/route-context.ts'
import { isModel, modelNames, toldOf } from '../models.ts'

/** 2026-01-15, in epoch seconds. */
const CREATED = 1_768_435_200

/** What the simulated models can do: everything that is simulated. */
const CAPABILITIES = {
  completion_chat: true,
  function_calling: true,
  reasoning: false,
  completion_fim: true,
  fine_tuning: false,
  vision: true,
  ocr: true,
  classification: true,
  moderation: true,
  audio: false,
  audio_transcription: true,
  audio_transcription_realtime: false,
  audio_speech: false,
}

/** `GET /v1/models`. */
export function listModels(route: RouteContext, context: ServerContext): Response {
  return Response.json({
    object: 'list',
    data: modelNames(route.simulator, ownerOf(route, context)).map((name) => modelCard(route, name)),
  })
}

/** `GET /v1/models/{model}`. */
export function showModel(route: RouteContext, name: string): Response {
  return isModel(name) ? Response.json(modelCard(route, name)) : unknownAtMistral(`No model found with id ${name}.`)
}

function modelCard({ simulator }: RouteContext, name: string): object {
  return {
    id: name,
    object: 'model',
    created: CREATED,
    owned_by: 'mistralai',
    capabilities: CAPABILITIES,
    name,
    description: 'Simulated.',
    max_context_length: 131_072,
    aliases: [],
    deprecation: toldOf(simulator, name).endsAt ?? null,
    default_model_temperature: 0.3,
    type: 'base',
  }
}
